# The two commands of the README are `make run` and `make test`; each sets up all it needs.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
READY := $(VENV)/.ready

.PHONY: run test test-long check lock clean

run: $(READY)
	@$(BIN)/uzel demo

# Two at a time, a file each: most tests wait for a database or a process most of the time.
test: $(READY)
	@$(BIN)/pytest -n 2 --dist loadfile $(TESTS)

test-long: $(READY)
	@$(BIN)/pytest --long $(TESTS)

check: $(READY)
	@$(BIN)/ruff format --check . && $(BIN)/ruff check .
	@$(BIN)/mypy src tests
	@$(BIN)/lint-imports
	@$(BIN)/uzel reference --check

$(READY): pyproject.toml requirements/dev.txt requirements/uv.txt
	@sh requirements/prepare.sh "$(PYTHON)" "$(VENV)"
	@touch $(READY)

# After a change of the dependencies in pyproject.toml.
lock: $(READY)
	@$(BIN)/uv pip compile -q --universal --generate-hashes --no-header --python-version 3.11 \
	  --extra dev pyproject.toml -o requirements/dev.txt $(LOCK_FLAGS)
	@echo "uv==$$($(BIN)/uv --version | cut -d' ' -f2)" | $(BIN)/uv pip compile -q --universal \
	  --generate-hashes --no-header --python-version 3.11 - -o requirements/uv.txt

clean:
	rm -rf $(VENV) .uzel

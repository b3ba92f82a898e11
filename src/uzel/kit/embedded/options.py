"""How the server is set. On its command line, so that the code decides and not an old file."""

import sys
from pathlib import Path

PORT = 5432

# Linux: whatever lies above the folder, however long its path, whoever may walk it: the process
# was put there before it gave up root. Elsewhere the path itself is made of it.
HERE = "/proc/self/cwd" if sys.platform == "linux" else "."

DURABLE = {
    "fsync": "on",
    "synchronous_commit": "on",
    "full_page_writes": "on",
    # On macOS plain fsync leaves the data in the drive's cache.
    **({"wal_sync_method": "fsync_writethrough"} if sys.platform == "darwin" else {}),
}

# For two cores and a modest memory; many short transactions, queue tables, no reports.
SIZED = {
    "max_connections": "100",
    "shared_buffers": "192MB",
    "effective_cache_size": "512MB",
    "maintenance_work_mem": "64MB",
    "huge_pages": "off",
    "io_method": "sync",  # three I/O processes fewer
    "jit": "off",
    "max_logical_replication_workers": "0",
    "max_parallel_workers_per_gather": "0",
    "max_parallel_maintenance_workers": "0",
    # Statistics stay out of /dev/shm: containers give it 64 MB, systemd empties it at logout.
    "min_dynamic_shared_memory": "16MB",
    "random_page_cost": "1.1",
    "wal_buffers": "16MB",
    "wal_compression": "on",
    "min_wal_size": "128MB",
    "max_wal_size": "2GB",
    "checkpoint_timeout": "15min",
    "checkpoint_completion_target": "0.9",
    # A queue's rows live for seconds: clean up early and often, but never fast: on two cores a
    # brisk vacuum is a pause of everything else.
    "autovacuum_naptime": "15s",
    "autovacuum_vacuum_scale_factor": "0.02",
    "autovacuum_vacuum_threshold": "500",
    "autovacuum_analyze_scale_factor": "0.02",
}

# Life and death of the server only. A failed statement is its caller's to report: its message,
# and more so its details, quote values, and those are people's phones and names.
QUIET = {
    "logging_collector": "off",
    "log_destination": "stderr",
    "log_min_messages": "log",
    "log_min_error_statement": "panic",
    "log_error_verbosity": "terse",
    "log_statement": "none",
    "log_min_duration_statement": "-1",
    "log_parameter_max_length": "0",
    "log_parameter_max_length_on_error": "0",
    "log_checkpoints": "off",
    "log_autovacuum_min_duration": "-1",
    "log_timezone": "UTC",
    "timezone": "UTC",
}


def arguments(tag: str, socket_folder: Path) -> list[str]:
    """Arguments of `postgres`, to be run in the cluster's folder. `cluster_name` stands in the
    title of every process of the server.
    """
    settings = {
        "cluster_name": tag,
        "listen_addresses": "",
        "port": str(PORT),
        "unix_socket_directories": '"' + str(socket_folder).replace('"', '""') + '"',
        **DURABLE,
        **SIZED,
        **QUIET,
    }
    options = [part for name, value in settings.items() for part in ("-c", f"{name}={value}")]
    return ["-D", HERE, *options]

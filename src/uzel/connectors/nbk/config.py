"""Settings of the National Bank of Kazakhstan's rates: there is no account and no key."""

from pydantic import Field

from uzel.connector import Config
from uzel.model.address import HttpAddress


class NbkConfig(Config):
    """Where the rates are."""

    base_url: HttpAddress = Field(
        default="https://nationalbank.kz",
        title="Адрес",
        description="Меняют только для песочницы. Ключа и входа у Нацбанка нет.",
    )

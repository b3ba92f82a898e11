"""Settings of the Bank of Russia's rates: there is no account and no key."""

from pydantic import Field

from uzel.connector import Config
from uzel.model.address import HttpAddress


class CbrConfig(Config):
    """Where the rates are."""

    base_url: HttpAddress = Field(
        default="https://www.cbr.ru",
        title="Адрес",
        description="Меняют только для песочницы. Ключа и входа у Банка России нет.",
    )

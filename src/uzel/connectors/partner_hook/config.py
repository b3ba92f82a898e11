"""Settings of one receiver: where a partner hears of changes, and what signs them."""

from pydantic import AwareDatetime, Field, SecretStr, field_validator

from uzel.connector import Config
from uzel.connectors.partner_hook.signing import secret_bytes
from uzel.model.address import HttpAddress


class PartnerHookConfig(Config):
    """One receiver. `path`: what of its address follows the server, as it was given, since a slash
    at the end or a query may matter there.
    """

    base_url: HttpAddress = Field(
        title="Сервер",
        description="Начало адреса: https://shop.example.kz. Только HTTPS.",
    )
    path: str = Field(
        default="",
        max_length=1500,
        pattern=r"^(/[!-\"$-~]*)?$",
        title="Путь",
        description="Остаток адреса как есть: /hooks/uzel или /hook.php?from=uzel.",
    )
    secret: SecretStr = Field(
        title="Секрет подписи",
        description="whsec_ и от 24 до 64 байт в base64; такой же у партнёра.",
    )
    old_secret: SecretStr | None = Field(
        default=None,
        title="Прежний секрет",
        description="После замены сутки подписывают оба.",
    )
    old_until: AwareDatetime | None = Field(
        default=None,
        title="Прежний секрет подписывает до",
        description="Время с часовым поясом. Заполняет замена секрета.",
    )

    @property
    def url(self) -> str:
        """The whole address."""
        return f"{self.base_url}{self.path}"

    @field_validator("secret", "old_secret", mode="after")
    @classmethod
    def _is_secret(cls, value: SecretStr | None) -> SecretStr | None:
        if value is None:
            return None
        text = value.get_secret_value().strip()
        secret_bytes(text)
        return SecretStr(text)

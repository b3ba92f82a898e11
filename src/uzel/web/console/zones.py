"""Time zones to choose from: those of Russia, Kazakhstan and their neighbours."""

ZONES = (
    *("Europe/Kaliningrad", "Europe/Moscow", "Europe/Samara", "Asia/Yekaterinburg", "Asia/Omsk"),
    *("Asia/Novosibirsk", "Asia/Krasnoyarsk", "Asia/Irkutsk", "Asia/Yakutsk", "Asia/Vladivostok"),
    *("Asia/Magadan", "Asia/Kamchatka", "Asia/Almaty", "Asia/Aqtobe", "Asia/Bishkek"),
    *("Asia/Tashkent", "Asia/Dushanbe", "Asia/Baku", "Asia/Tbilisi", "Asia/Yerevan"),
    *("Europe/Minsk", "UTC"),
)


def zones_with(*used: str | None) -> list[str]:
    """These, and those in use."""
    return sorted({*ZONES, *filter(None, used)})

"""Settings of one r_keeper connection: what its statuses mean.

r_keeper lets its users rename statuses (r_keeper Delivery, "Order statuses"), so no list of words
can be complete. The defaults are r_keeper's own names: those of Delivery in Russian and English,
those of White Server ("Статусы заказа", `Complited` is its spelling), and the words that receivers
in use accept.
"""

from typing import Annotated

from pydantic import Field, StringConstraints

from uzel.connector import Config

Word = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=200)]
Words = Annotated[tuple[Word, ...], Field(max_length=200)]

COMPLETED = (
    *("Выполнен", "Доставлен", "Завершен", "Закрыт"),
    *("Completed", "Delivered", "Finished", "Closed"),
    *("Complited", "IssuedOut"),
)
CANCELLED = ("Отменен", "Cancelled", "Canceled", "RestaurantCancelled")
IGNORED = (
    *("Новый", "Подтвержден", "Принят в ресторане", "Передан на кухню", "Обработка"),
    *("В обработке", "Готовится", "Приготовлен", "Собран", "У курьера", "В пути"),
    *("New", "Confirmed", "Received at the restaurant", "Sent to the kitchen", "Processing"),
    *("Created", "CreationError", "Cooking", "Ready"),
)


class RkeeperConfig(Config):
    """What the statuses of one r_keeper mean. Each list holds names, or ids as `id:7` (a bare `7`
    is the same). Where a status is in several lists, *cancelled* counts before *completed*, and
    both before *ignored*; an id counts before a name.
    """

    completed_statuses: Words = Field(
        default=COMPLETED,
        title="Статусы «выполнен»",
        description=(
            "По одному в строке: название или номер в виде id:7. Регистр, лишние пробелы и ё не "
            "важны. Заказ с таким статусом становится визитом."
        ),
    )
    cancelled_statuses: Words = Field(
        default=CANCELLED,
        title="Статусы «отменён»",
        description=(
            "Просьба об отзыве по такому заказу не уйдёт. Статус, который стоит и здесь, и среди "
            "выполненных, считается отменой."
        ),
    )
    ignored_statuses: Words = Field(
        default=IGNORED,
        title="Статусы «ещё в работе»",
        description=(
            "Промежуточные: по ним ничего не происходит. Статус, которого нет ни в одном списке, "
            "Узел покажет и спросит, что он значит."
        ),
    )

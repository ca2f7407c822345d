"""The filter of tunedModels.list: words, and `owner:me`, `writers:me`, `readers:me`, `readers:everyone`.

Several terms must all match; whether Google combines them so is not known. Without a term about people, models that
only everyone may read are left out.
"""

from collections.abc import Callable

from reconciler.emulator.generativelanguage.access import own_role, public_role
from reconciler.emulator.generativelanguage.records import TunedModel
from reconciler.emulator.google_errors import invalid_argument

Matcher = Callable[[TunedModel, str], bool]

PEOPLE: dict[str, Matcher] = {
    "owner:me": lambda model, caller: own_role(model, caller) == "OWNER",
    "writers:me": lambda model, caller: own_role(model, caller) == "WRITER",
    "readers:me": lambda model, caller: own_role(model, caller) == "READER",
    "readers:everyone": lambda model, _: public_role(model) == "READER",
}


def compile_filter(text: str) -> Matcher:
    """A test for a model and a caller. Raises ApiError (400) for a term about people that there is not."""
    words, people = [], []
    for term in text.split():
        if term in PEOPLE:
            people.append(PEOPLE[term])
        elif ":" in term:
            raise invalid_argument(f"Invalid filter: {term[:200]!r}. Known are {', '.join(PEOPLE)} and words.")
        else:
            words.append(term.lower())
    people = people or [lambda model, caller: own_role(model, caller) != ""]

    def matches(model: TunedModel, caller: str) -> bool:
        told = f"{model.wire.get('displayName', '')} {model.wire.get('description', '')}".lower()
        return all(word in told for word in words) and all(test(model, caller) for test in people)

    return matches

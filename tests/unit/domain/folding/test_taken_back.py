"""What takes something back can be taken back, and that again."""

from itertools import permutations

from msgspec import structs

from engine.domain.activities import ActivityId, undone_activities
from tests.builders import by_hand, minutes


def undoing(id_, undone, at):
    edit = by_hand("e:ana@x.com", minutes(at), undoes=undone)
    return structs.replace(edit, id=ActivityId(id_))


def test_the_last_word_counts_however_long_it_goes_back_and_forth():
    first, second, third = undoing("u1", "a", 1), undoing("u2", "u1", 2), undoing("u3", "u2", 3)

    assert undone_activities([first]) == {"a"}
    assert undone_activities([first, second]) == {"u1"}
    assert undone_activities([first, second, third]) == {"a", "u2"}
    for order in permutations([first, second, third]):
        assert undone_activities(order) == {"a", "u2"}


def test_what_two_people_took_back_stays_so_when_one_of_them_puts_it_back():
    assert undone_activities([undoing("u1", "a", 1), undoing("u2", "a", 2), undoing("u3", "u1", 3)]) == {
        "a",
        "u1",
    }

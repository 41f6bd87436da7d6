"""The fold: what activities make of a contact.

    fold(state, placements, rulebook, until) -> Outcome

In order and at the tip it takes one step and reads no history.  From no state at all it
makes the whole contact.  Both give the same, and time is an input of both.
"""

from __future__ import annotations

from collections import Counter, deque
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from decimal import Decimal

import msgspec

from engine.domain import commerce, deliverability, opt_in, scoring, segments, statuses, valuation
from engine.domain.activities import (
    DELETED,
    Activity,
    ActivityId,
    ContactId,
    derived_stream,
    undone_activities,
)
from engine.domain.contact import ContactState, Deletion
from engine.domain.folding import effects
from engine.domain.folding.before_merges import (
    BeforeMerge,
    Reaction,
    RuleReaction,
    SegmentReaction,
    StatusReaction,
    TwoSides,
)
from engine.domain.folding.outcome import Call, Derived, Outcome, derived_id
from engine.domain.folding.profile import apply_traits
from engine.domain.identity.merge_decisions import DECISIONS
from engine.domain.identity.people import Placement
from engine.domain.rulebook import (
    CallWebhook,
    Rule,
    Rulebook,
    Ruleset,
    TracksByType,
    by_activity_type,
)
from engine.domain.segments import Crossed
from engine.domain.statuses import Moved
from engine.domain.valuation import NO_FIGURES, Figure, RfmScore, Valuation
from engine.errors import FoldFailed

PASSIVE_TYPES = frozenset(
    {
        "email_sent", "email_delivered", "email_bounced", "email_blocked", "email_deferred",
        "email_auto_replied", "sms_sent", "sms_delivered",
        "sms_bounced", "push_sent", "web_content_shown", "order_updated", "order_refunded", "order_cancelled",
        "contact_edited", "contact_imported", DELETED, *DECISIONS,
    }
)  # fmt: skip
"""Activities that a contact receives and does not do: they do not count as having seen it."""

RESTORING_TYPE = "contact_imported"
"""The passive activity that restores a deleted contact."""


MAX_DEPTH = 200
"""Steps from an activity to what follows from it, beyond those that limited rules account for.

Steps and not events are limited: an activity may enter a thousand segments.  A longer chain,
or one crossing repeated as often, is a cycle of rules that validation did not find.
"""


NO_ACTIVITY = ActivityId("")

POINTS_CHANGED = "points_changed"


class Event(msgspec.Struct, frozen=True):
    """An event that no rule has processed yet.

    `counts` says whether rules may process it; `depth`, how many steps it is from its root.
    """

    activity: Activity
    counts: bool
    depth: int


def fold(
    state: ContactState | None,
    placements: Sequence[Placement],
    rulebook: Rulebook,
    *,
    contact: ContactId,
    until: datetime | None = None,
    valued: Valuation = NO_FIGURES,
) -> Outcome:
    """Fold a contact's activities, given in the order of happening, into its state.

    `state` is consumed: use the outcome's.  Without one the fold is from the start, and `valued` are
    the figures that have been calculated of the contact.
    With `until`, time then advances to that point, and whatever falls due by then takes
    effect.  Raises FoldFailed, naming the activity that could not be folded.
    """
    under_way = begin(state, placements, rulebook, contact=contact, valued=valued)
    for placement in placements:
        under_way.take(placement)
    return under_way.finish(until)


def begin(
    state: ContactState | None,
    placements: Sequence[Placement],
    rulebook: Rulebook,
    *,
    contact: ContactId,
    valued: Valuation = NO_FIGURES,
) -> ContactFold:
    """A fold under way, before the first of `placements`."""
    undone = _undone(state, placements)
    return ContactFold(
        contact,
        rulebook,
        _tracks(state, placements, rulebook),
        Outcome(state=ContactState() if state is None else state, ledger=[], derived=[], calls=[]),
        _folded_until(state, rulebook),
        undone=undone,
        superseded=commerce.superseded(
            (placed.activity for placed in placements if placed.activity.id not in undone),
            () if state is None else state.commerce.book,
        ),
        figures=valued.figures(),
    )


@contextmanager
def naming(activity: ActivityId) -> Iterator[None]:
    """Raise FoldFailed with an activity's id for what goes wrong over it."""
    try:
        yield
    except FoldFailed:
        raise
    except Exception as error:
        raise FoldFailed(activity, f"{type(error).__name__}: {error}") from error


def is_kept_by(state: ContactState, rulebook: Rulebook, versions: Iterable[int]) -> bool:
    """Whether a state remembers what the present rules, and those of `versions`, ask of the past."""
    present = rulebook.present
    if state.upkeep < present.kept_from:
        return False
    return all(
        version == present.version or rulebook.at(version).tracks.keys() <= present.tracks.keys()
        for version in versions
    )


def _folded_until(state: ContactState | None, rulebook: Rulebook) -> datetime | None:
    """Up to when a state has been folded: every contact is folded when segments change."""
    if state is None or state.clock is None:
        return None
    reached = (state.clock[0], state.passed, rulebook.last_boundary)
    return max(at for at in reached if at is not None)


def _undone(state: ContactState | None, placements: Sequence[Placement]) -> frozenset[ActivityId]:
    """The undone activities, earlier and new ones."""
    now = undone_activities(placement.activity for placement in placements)
    return frozenset(now if state is None else {*state.undone, *now})


def _tracks(state: ContactState | None, placements: Sequence[Placement], rulebook: Rulebook) -> TracksByType:
    """The facts to remember for the rules that evaluate these activities, and for segments."""
    versions = {placement.activity.ruleset for placement in placements}
    rulesets = [rulebook.at(version) for version in versions]
    if state is None and placements:
        first, last = placements[0].activity.happened_at, placements[-1].activity.happened_at
        rulesets += rulebook.between(first, last)
    found = [ruleset.tracks for ruleset in rulesets if ruleset is not rulebook.present]
    if not found:
        return rulebook.present.tracks_by_type
    earlier = {id_: track for tracks in found for id_, track in tracks.items()}
    return by_activity_type({**earlier, **rulebook.present.tracks}.values())


@dataclass
class ContactFold:
    """One contact's fold under way."""

    contact: ContactId
    rulebook: Rulebook
    tracks: TracksByType
    outcome: Outcome
    at: datetime | None
    """Up to when time has passed; unset before the first activity."""
    events: deque[Event] = field(default_factory=deque)
    depth: int = 0
    """How many steps what happens now is from the root."""
    deepest: int = 0
    """The most steps that anything was from the root."""
    crossings: Counter[str] = field(default_factory=Counter)
    """How often each thing has followed from the root."""
    derived_ids: Counter[ActivityId] = field(default_factory=Counter)
    root: ActivityId = NO_ACTIVITY
    undone: frozenset[ActivityId] = frozenset()
    """The undone activities: they are shown, and have no effect."""
    superseded: frozenset[ActivityId] = frozenset()
    """Activities of browsers that a trusted source reports, too."""
    silent: set[str] = field(default_factory=set)
    """The segments that were entered by publishing alone."""
    reactions: list[Reaction] = field(default_factory=list)
    """What happened so far that a merge must not change afterwards."""
    postponed: dict[str, str] = field(default_factory=dict)
    """Machines that both sides together have moved, and neither alone: where they began."""
    sides: TwoSides | None = None
    """The contacts that this fold unites, up to the time at which they merge."""
    figures: tuple[Figure, ...] = ()
    """Calculated figures that have not taken effect yet, in the order of time."""

    def __post_init__(self) -> None:
        self.state = self.outcome.state

    def _begin(self, root: ActivityId) -> None:
        """Begin what follows from an activity, or from the passing of time."""
        self.root, self.depth, self.deepest = root, 0, 0
        self.crossings.clear()

    def copy(self) -> ContactFold:
        """The same fold, to be continued otherwise.  Between two activities only."""
        state = msgspec.convert(
            msgspec.to_builtins(self.state, builtin_types=(datetime, Decimal)), ContactState
        )
        outcome = Outcome(state, [*self.outcome.ledger], [*self.outcome.derived], [*self.outcome.calls])
        return replace(
            self,
            outcome=outcome,
            events=deque(),
            crossings=Counter(),
            derived_ids=Counter(self.derived_ids),
            silent=set(self.silent),
            postponed=dict(self.postponed),
            reactions=[*self.reactions],
        )

    def take(self, placement: Placement, *, merged: BeforeMerge | None = None) -> None:
        """Apply one activity and all its consequences; `merged` if it merged another contact into this.

        Raises FoldFailed.
        """
        with naming(placement.activity.id):
            self._take(placement, merged)

    def _take(self, placement: Placement, merged: BeforeMerge | None) -> None:
        activity = placement.activity
        self.pass_time(activity.happened_at)
        self.at = activity.happened_at if self.at is None else max(self.at, activity.happened_at)
        self._begin(activity.id)
        ruleset = self.rulebook.at(activity.ruleset)
        state = self.state
        if placement.forgotten:
            self._keep_consent(placement, ruleset)
            return
        if activity.calculated:
            self._take_calculated(activity, ruleset)
            return
        self._update_deletion(activity)
        _count_activity(state, placement)
        statuses.begin(state, ruleset)
        undone = activity.discounted or activity.id in self.undone or activity.id in self.superseded
        if not undone:
            apply_traits(state, placement, ruleset)
        moved = _take_address(state, placement, ruleset)
        counts = not undone and _counts(activity, ruleset)
        if counts and commerce.apply_commerce(state, activity, ruleset.account):
            deliverability.apply_delivery(state, activity)
            deliverability.apply_push(state, activity)
            if not activity.bot:
                self._record_occurrence(activity)
            if not deliverability.is_inconclusive(activity):
                moved += statuses.move(state, activity, ruleset, proven=placement.proven)
            if not placement.proven:
                self._ask(activity, ruleset)
            deliverability.reset_failures(state, activity, moved)
            self._edit(activity, ruleset)
            self.events.append(Event(activity, not activity.bot, depth=0))
        self._record_moves(moved, activity)
        if merged is not None:
            self._take_merge(merged, activity.id, activity.happened_at, ruleset)
        self._react(ruleset, activity.happened_at, cause=activity.id)
        if state.asked:
            opt_in.settle(state, ruleset)

    def _ask(self, activity: Activity, ruleset: Ruleset) -> None:
        """Ask the contact to confirm what a browser subscribed it to."""
        for machine in opt_in.ask(self.state, activity, ruleset):
            self._call_opt_in(machine, activity.happened_at, ruleset, left=None)

    def _call_opt_in(self, machine: str, at: datetime, ruleset: Ruleset, *, left: int | None) -> None:
        """Let the link to confirm a subscription be sent, or sent again with `left` reminders to come."""
        if ruleset.double_opt_in is None:
            return
        asked = self.state.asked[machine]
        request = derived_id(asked.cause, f"confirm:{machine}")
        payload = {"id": asked.cause, "type": "confirmation_requested", "subscription": machine}
        self.outcome.calls.append(
            Call(
                id=request if left is None else derived_id(request, f"reminder:{left}"),
                webhook=ruleset.double_opt_in.webhook,
                rule=opt_in.RULE,
                contact=self.contact,
                root=self.root,
                happened_at=at,
                activity=payload if left is None else {**payload, opt_in.REMINDS: request},
            )
        )

    def _take_calculated(self, activity: Activity, ruleset: Ruleset) -> None:
        """Apply a change of category: the contact did nothing, so it has not been seen or active by it."""
        state = self.state
        state.activities += 1
        state.clock = activity.moment
        if activity.type == valuation.RFM_CHANGED:
            self._reach_category(activity, ruleset)
        self._record_occurrence(activity)
        self.events.append(Event(activity, counts=True, depth=0))
        self._react(ruleset, activity.happened_at, cause=activity.id)

    def _reach_category(self, activity: Activity, ruleset: Ruleset) -> None:
        """Take over the figures of an activity, or those that have been brought up to date since."""
        state = self.state
        stored = [f for f in self.figures if isinstance(f, RfmScore) and f.cause == activity.id]
        if stored:
            state.rfm = stored[0]
            self.figures = tuple(f for f in self.figures if f is not stored[0])
        elif state.rfm is None or state.rfm.cause != activity.id:
            state.rfm = valuation.reached(state.rfm, activity, ruleset.account.time_zone)

    def _revalue(self, due: datetime, ruleset: Ruleset, cause: ActivityId) -> None:
        """Let figures that were calculated by a time take effect; segments follow, silently if they do."""
        state, silent = self.state, False
        while (figure := self._next_figure()) is not None and valuation.begins(figure) <= due:
            self._set_figure(figure)
            silent = silent or valuation.is_silent(figure)
        if state.revaluation is not None and state.revaluation.at <= due:
            silent = silent or state.revaluation.silent
            state.revaluation = None
        if silent and self.sides is None:
            self._cross_all(segments.evaluate(state, ruleset, due, silent=True), due, cause, ruleset)

    def _next_figure(self) -> Figure | None:
        """The next figure that takes effect by time."""
        return next((f for f in self.figures if not valuation.waits_for_activity(f)), None)

    def _set_figure(self, figure: Figure) -> None:
        self.figures = tuple(other for other in self.figures if other is not figure)
        if isinstance(figure, RfmScore):
            self.state.rfm = figure
        else:
            self.state.clv = figure

    def _keep_consent(self, placement: Placement, ruleset: Ruleset) -> None:
        """Keep of an activity before the contact's deletion only consent and deliverability."""
        state, activity = self.state, placement.activity
        state.clock = activity.moment
        state.deleted = state.deleted or not state.activities
        statuses.begin(state, ruleset)
        moved = _take_address(state, placement, ruleset)
        if activity.id not in self.undone and _counts(activity, ruleset):
            deliverability.apply_delivery(state, activity)
            deliverability.apply_push(state, activity)
            moved += statuses.move(state, activity, ruleset, proven=placement.proven)
            deliverability.reset_failures(state, activity, moved)
            opt_in.settle(state, ruleset)

    def _update_deletion(self, activity: Activity) -> None:
        """Delete the contact, or let one that was deleted be there again, as a new one.

        A contact created only by an import that was undone does not exist.
        """
        state, undone = self.state, activity.id in self.undone
        if activity.by_import and undone:
            state.deleted = state.deleted or not state.activities
        elif activity.deletes and not undone:
            state.deletion = Deletion(activity.happened_at, activity.id)
            state.deleted = state.deleted or not state.activities
        elif activity.type not in PASSIVE_TYPES or activity.type == RESTORING_TYPE:
            state.deleted = state.deleted and activity.bot
        elif activity.by_hand and activity.undoes is None and state.deletion is None:
            state.deleted = False  # it exists by an undone import, and was edited by hand since

    def _edit(self, activity: Activity, ruleset: Ruleset) -> None:
        """Apply changes that only edits and imports make: points, static segments."""
        if not activity.by_hand and not (activity.by_import and activity.type == RESTORING_TYPE):
            return
        before = self.state.points.total
        entry = scoring.correct(self.state, activity, ruleset, contact=self.contact)
        if entry is not None:
            self.outcome.ledger.append(entry)
            self._record_points_change(before, activity.id, activity.happened_at, ruleset)
        for crossed in segments.edit(self.state, activity, ruleset):
            self._record_crossing(crossed, activity.happened_at, activity.id, ruleset)

    def pass_time(self, until: datetime) -> None:
        """Apply everything that falls due by `until`, in order."""
        while self.at is not None:
            timed = next_due(self.state, self.rulebook.in_force(self.at), self.at)
            boundary = self.rulebook.next_boundary(self.at)
            apart = None if self.sides is None else self.sides.next_due(self.at)
            figure = self._next_figure()
            calculated = None if figure is None else max(valuation.begins(figure), self.at)
            due = min((at for at in (timed, boundary, apart, calculated) if at is not None), default=None)
            if due is None or due > until:
                break
            self.at = due
            self._fall_due(due, timed=due in (timed, calculated), silent=due == boundary)

    def finish(self, until: datetime | None) -> Outcome:
        """The outcome, with the state that is kept, after time has advanced to the end."""
        ends = [at for at in (until, self.rulebook.last_boundary) if at is not None]
        ends += [valuation.begins(f) for f in self.figures if not valuation.waits_for_activity(f)]
        if ends:
            self.pass_time(max(ends))
        self._keep_figures()
        state, present = self.state, self.rulebook.present
        state.undone = sorted(self.undone)
        if any(track not in present.tracks for track in state.did):
            state.did = {track: times for track, times in state.did.items() if track in present.tracks}
        state.upkeep = present.upkeep
        state.next_due = None if self.at is None else next_due(state, present, self.at)
        return self.outcome

    def _keep_figures(self) -> None:
        """Keep the figures whose activity has not been applied yet; a newer category stays."""
        for figure in self.figures:
            newer = self.state.rfm if isinstance(figure, RfmScore) else self.state.clv
            if newer is None or valuation.begins(newer) < valuation.begins(figure):
                self._set_figure(figure)

    def _fall_due(self, due: datetime, *, timed: bool, silent: bool) -> None:
        """Points expire, a cart idles, a window closes: at its time, with all that follows.

        `silent` when segments changed by being published.
        """
        state, before = self.state, self.state.points.total
        scoring.expire(state, due)
        if state.cart is not None and state.cart.state == "active" and state.cart.idle_at <= due:
            state.cart.state = "abandoned"
        if timed:
            state.passed = due
        cause = ActivityId(f"{self.contact}@{due.isoformat()}")
        self._begin(cause)
        ruleset = self.rulebook.in_force(due)
        for move in statuses.run_out(state, ruleset, due, cause=cause):
            self._record_move(move, due, cause, ruleset.version)
        for machine, left in opt_in.fall_due(state, due):
            self._call_opt_in(machine, due, ruleset, left=left)
        self._record_points_change(before, cause, due, ruleset)
        if silent:
            until_now = self.rulebook.in_force(due - timedelta(microseconds=1))
            self._publish_segments(ruleset, until_now, due, cause)
        self._revalue(due, ruleset, cause)
        self._react(ruleset, due, cause=cause)
        if state.asked:
            opt_in.settle(state, ruleset)

    def _react(self, ruleset: Ruleset, now: datetime, *, cause: ActivityId) -> None:
        """Run rules on the events and update segments, until nothing more follows."""
        self._run_rules(ruleset)
        if self.sides is not None:
            self._repeat_reactions(self.sides, ruleset, now, cause)
            return
        in_force, did = self.rulebook.in_force(now), self.state.did
        while crossed := segments.evaluate(self.state, in_force, now):
            self._cross_all(crossed, now, cause, ruleset)
            if in_force.settles_at_once and not self.events and self.state.did is did:
                break
            did = self.state.did
            self._run_rules(ruleset)

    def _run_rules(self, ruleset: Ruleset) -> None:
        while self.events:
            event = self.events.popleft()
            self.depth = event.depth
            if event.counts:
                self._apply_rules(ruleset, event.activity)
        self.depth = self.deepest

    def _record_occurrence(self, activity: Activity) -> None:
        """Record an activity in the tracks of its type."""
        tracks = self.tracks.get(activity.type)
        if tracks is not None:
            segments.record_occurrence(self.state, activity, tracks)

    def _publish_segments(self, ruleset: Ruleset, before: Ruleset, due: datetime, cause: ActivityId) -> None:
        """Evaluate every segment when `ruleset` replaces the rules `before`."""
        for crossing in segments.redeclare(self.state, ruleset, before, due):
            self._record_crossing(crossing, due, cause, ruleset)
            if self.sides is not None and not crossing.entered:
                self.sides.forget(crossing.segment)
        if self.sides is None:
            self._cross_all(segments.evaluate(self.state, ruleset, due, silent=True), due, cause, ruleset)

    def _cross_all(
        self, crossed: Iterable[Crossed], at: datetime, cause: ActivityId, ruleset: Ruleset
    ) -> None:
        for crossing in crossed:
            self.reactions.append(SegmentReaction(self.root, at, crossing))
            self._record_crossing(crossing, at, cause, ruleset)

    # Merges: what two contacts did each for itself until they were known to be one

    def _repeat_reactions(self, sides: TwoSides, ruleset: Ruleset, now: datetime, cause: ActivityId) -> None:
        """Repeat what one of the sides did, instead of what both together would have done."""
        for reaction in sides.repeat(self.root):
            if isinstance(reaction, RuleReaction):
                self._run_rules(ruleset)
                if scoring.may_act(self.state, reaction.rule, reaction.event, ruleset.account):
                    self.reactions.append(reaction)
                    self._apply_rule(reaction.rule, reaction.event, ruleset)
            elif isinstance(reaction, StatusReaction):
                self._record_postponed(reaction.moved.machine, now, cause, ruleset)
            elif (reaction.crossed.segment in self.state.segments) != reaction.crossed.entered:
                crossed = reaction.crossed
                again = segments.cross(
                    self.state, crossed.segment, now, enters=crossed.entered, silent=crossed.silent
                )
                self._cross_all([again], now, cause, ruleset)
        self._run_rules(ruleset)

    def merge(self, before: BeforeMerge, cause: ActivityId, at: datetime) -> None:
        """Let a merge take effect whose activity is another contact's."""
        ruleset = self.rulebook.in_force(at)
        self._begin(cause)
        self._take_merge(before, cause, at, ruleset)
        self._react(ruleset, at, cause=cause)

    def _take_merge(self, before: BeforeMerge, cause: ActivityId, at: datetime, ruleset: Ruleset) -> None:
        """Let what only both together have reached take effect now.

        Segments follow when they are evaluated; but those that only the merged contact had
        entered, silently, are entered here.
        """
        self._enter_by_merging(before.segments, cause, at, ruleset)
        for machine in sorted(self.postponed):
            self._record_postponed(machine, at, cause, ruleset)
        self._record_points_change(before.points, derived_id(cause, "merged"), at, ruleset)

    def _record_postponed(self, machine: str, at: datetime, cause: ActivityId, ruleset: Ruleset) -> None:
        """Record the move that a merge brought about.  The status keeps the date of its activity."""
        before, status = self.postponed.pop(machine, None), self.state.statuses.get(machine)
        if before is None or status is None or status.state == before:
            return
        sides, self.sides = self.sides, None
        self._record_move(Moved(machine, before, status.state), at, cause, ruleset.version)
        self.sides = sides

    def _apply_rules(self, ruleset: Ruleset, event: Activity) -> None:
        """Apply the rules that an event meets; all of them see the contact as the event left it."""
        state, now = self.state, event.happened_at
        rules = ruleset.rules.get(event.type)
        if not rules:
            return
        met = [rule for rule in rules if rule.when.meets(event, state, now)]
        before = state.points.total
        for rule in met:
            if scoring.may_act(state, rule, event, ruleset.account):
                if event.type == POINTS_CHANGED:
                    self.reactions.append(RuleReaction(self.root, now, rule, event))
                self._apply_rule(rule, event, ruleset)
        self._record_points_change(before, event.id, now, ruleset)

    def _apply_rule(self, rule: Rule, event: Activity, ruleset: Ruleset) -> None:
        if rule.award is not None:
            entry = scoring.give(self.state, rule, event, ruleset, contact=self.contact)
            if entry is not None:
                self.outcome.ledger.append(entry)
        for effect in rule.effects:
            if isinstance(effect, CallWebhook):
                self.outcome.calls.append(self._call(rule, effect, event))
                continue
            change = effects.apply(self.state, effect, event, ruleset)
            if isinstance(change, Crossed):
                self._record_crossing(change, event.happened_at, event.id, ruleset)
            elif isinstance(change, Moved):
                self._record_moves([change], event)

    def _call(self, rule: Rule, effect: CallWebhook, event: Activity) -> Call:
        payload = {"id": event.id, "type": event.type, "properties": event.properties}
        return Call(
            id=derived_id(event.id, f"call:{rule.id}:{effect.name}"),
            webhook=effect.name,
            rule=rule.id,
            contact=self.contact,
            root=self.root,
            happened_at=event.happened_at,
            activity=payload,
        )

    def _record_moves(self, moved: Iterable[Moved], cause: Activity) -> None:
        for move in moved:
            self._record_move(move, cause.happened_at, cause.id, cause.ruleset)

    def _record_move(self, move: Moved, at: datetime, cause: ActivityId, version: int) -> None:
        if self.sides is not None and not self.sides.take_move(self.root, move):
            self.postponed.setdefault(move.machine, move.from_)
            return
        self.reactions.append(StatusReaction(self.root, at, move))
        properties: dict[str, str | datetime] = {
            "machine": move.machine,
            "from": move.from_,
            "to": move.to,
        }
        self._record(f"status:{move.machine}", "status_changed", properties, at, cause, version)

    def _record_crossing(self, crossed: Crossed, at: datetime, cause: ActivityId, ruleset: Ruleset) -> None:
        self.silent.discard(crossed.segment)
        if crossed.silent:
            self._record_silent_crossing(crossed, at, cause)
            return
        type_ = segments.SEGMENT_ENTERED if crossed.entered else segments.SEGMENT_LEFT
        what = f"{type_}:{crossed.segment}"
        self._record(what, type_, _properties(crossed), at, cause, ruleset.version)

    def _record_silent_crossing(self, crossed: Crossed, at: datetime, cause: ActivityId) -> None:
        """Keep the changes made by publishing alone, for the timeline: they trigger no rule.

        Entering needs no note: the contact itself says since when it is in a segment, and,
        once it leaves, the note of that does.  MongoDB writes the same (see `store.filling`).
        """
        if crossed.entered:
            self.silent.add(crossed.segment)
            return
        id_ = ActivityId(f"{cause}:segment_left:{crossed.segment}")
        self.outcome.derived.append(
            Derived(id_, "segment_left", self.contact, at, cause, _properties(crossed))
        )

    def _enter_by_merging(
        self, known: frozenset[str], cause: ActivityId, at: datetime, ruleset: Ruleset
    ) -> None:
        """Record entries into segments that only the merged contact had entered, silently, before."""
        for segment in sorted(self.silent):
            if segment in self.state.segments and segment not in known:
                crossed = segments.cross(self.state, segment, at, enters=True)
                self._record_crossing(crossed, at, cause, ruleset)

    def _record(
        self,
        what: str,
        type_: str,
        properties: dict[str, str | datetime],
        at: datetime,
        cause: ActivityId,
        version: int,
    ) -> None:
        """Keep something that followed, for the timeline and for rules that wait for it."""
        id_ = derived_id(cause, what)
        times = self.derived_ids[id_] = self.derived_ids.get(id_, 0) + 1
        if times > 1:  # in and out and in again, all because of one thing
            id_ = derived_id(cause, f"{what}:{times}")
        derived = Derived(id_, type_, self.contact, at, cause, properties)
        self.outcome.derived.append(derived)
        ruleset = self.rulebook.at(version)
        repeated = self.crossings[what] = self.crossings.get(what, 0) + 1
        self._refuse_cycle(repeated, ruleset)
        if type_ in self.tracks or type_ in ruleset.rules:
            event = derived.as_activity(version)
            self._record_occurrence(event)
            self._emit(event, ruleset)
        else:
            self._step_down(ruleset)

    def _record_points_change(self, before: int, cause: ActivityId, at: datetime, ruleset: Ruleset) -> None:
        """Emit `points_changed` for rules; the ledger has the change already."""
        after = self.state.points.total
        if after == before or POINTS_CHANGED not in ruleset.rules or self.sides is not None:
            return
        properties = {"from": before, "to": after, "by": after - before}
        event = Activity(
            id=derived_id(cause, "points"),
            type=POINTS_CHANGED,
            stream=derived_stream(self.contact),
            happened_at=at,
            received_at=at,
            properties=properties,
            ruleset=ruleset.version,
        )
        self._emit(event, ruleset)

    def _emit(self, event: Activity, ruleset: Ruleset) -> None:
        """Queue what followed for the rules that wait for it."""
        self._step_down(ruleset)
        self.events.append(Event(event, counts=True, depth=self.depth + 1))

    def _step_down(self, ruleset: Ruleset) -> None:
        """Count what follows as one step further from the root."""
        self._refuse_cycle(self.depth + 1, ruleset)
        self.deepest = max(self.deepest, self.depth + 1)

    def _refuse_cycle(self, steps: int, ruleset: Ruleset) -> None:
        if steps > MAX_DEPTH + ruleset.longest_limited_chain:
            raise RuntimeError(f"rules run in a circle: over {steps - 1} steps follow from one event")


def next_due(state: ContactState, ruleset: Ruleset, now: datetime) -> datetime | None:
    """The next time at which something falls due without an activity; None for never."""
    dues = [segments.next_change(state, ruleset, now), statuses.next_end(state), opt_in.next_due(state)]
    if state.points.expiring:
        dues.append(state.points.expiring[0][0])
    if state.cart is not None and state.cart.state == "active":
        dues.append(state.cart.idle_at)
    if state.revaluation is not None:
        dues.append(max(state.revaluation.at, now))
    return min(filter(None, dues), default=None)


def _properties(crossed: Crossed) -> dict[str, str | datetime]:
    since = {} if crossed.since is None else {"since": crossed.since}
    return {"segment": crossed.segment, **since}


def _count_activity(state: ContactState, placement: Placement) -> None:
    activity = placement.activity
    at = activity.happened_at
    state.activities += 1
    state.clock = activity.moment
    state.active_at = at
    first_seen = placement.first_seen or at
    state.first_seen = first_seen if state.first_seen is None else min(first_seen, state.first_seen)
    state.identified = state.identified or placement.identified
    state.external_id = placement.external_id or state.external_id
    if not activity.bot and activity.type not in PASSIVE_TYPES:
        state.last_seen = at


def _take_address(state: ContactState, placement: Placement, ruleset: Ruleset) -> list[Moved]:
    machines = deliverability.update_address(state, placement)
    moved = []
    for name in machines:
        if name in ruleset.machines:
            moved += statuses.restart(state, ruleset.machines[name], placement.activity, ruleset)
    return moved


def _counts(activity: Activity, ruleset: Ruleset) -> bool:
    """Whether the activity has effects: some types have them with a secret key alone."""
    return activity.trusted or not ruleset.catalog.needs_secret(activity.type)

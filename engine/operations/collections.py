"""Every collection that is kept in MongoDB, by the document that declares it.

A document lives with its subject; collections of hot paths, which PyMongo alone reads and
writes, are declared in `engine.db.documents`.
"""

from __future__ import annotations

import mongoengine as me

from engine.accounts.accounts import SignInLink, User
from engine.accounts.api_requests import ApiRequest
from engine.accounts.audit import AuditEntry
from engine.accounts.keys import ApiKey
from engine.accounts.passwords import KnownBrowser
from engine.accounts.sessions import Session
from engine.accounts.throttle import AttemptCount
from engine.contacts.listing.views import Preferences, SavedView
from engine.contacts.valuation.lifetime_documents import StoredModel
from engine.contacts.valuation.rfm_runs import StoredRun
from engine.db.documents.activities import IdConflict, LedgerEntry, RawNotice, Refusal, StoredActivity
from engine.db.documents.contacts import (
    Contact,
    EditTurn,
    Erasure,
    Merge,
    SharedDevice,
    SuggestedMerge,
    Tombstone,
)
from engine.db.documents.figures import (
    Census,
    ChangedOrders,
    DayFailures,
    DayFigures,
    DayLines,
    StaleHours,
)
from engine.db.documents.pipeline import (
    Arrivals,
    Call,
    Fact,
    Lane,
    NewContacts,
    PaceMark,
    Sending,
    WatchedMailbox,
    WorkerPulse,
)
from engine.db.documents.work import ImportDraft, JobItem
from engine.jobs.job_document import StoredJob
from engine.rules.versions import RulesetVersion
from engine.shops.deliveries import ShopDelivery
from engine.shops.privacy_requests import ShopRequest
from engine.shops.shops import Shop

ALL: tuple[type[me.Document], ...] = (
    Contact, StoredActivity, LedgerEntry, Merge, SuggestedMerge, SharedDevice, IdConflict, Call, Sending,
    Refusal, Lane, RulesetVersion, ApiKey, User, AuditEntry, StoredJob, JobItem, EditTurn, ImportDraft,
    SignInLink, Session, AttemptCount, KnownBrowser, SavedView, Preferences, WorkerPulse, StaleHours,
    DayFigures, DayLines, DayFailures, Census, PaceMark, NewContacts, Fact, Tombstone, Erasure,
    StoredRun, StoredModel, ChangedOrders, RawNotice, WatchedMailbox, Arrivals, ApiRequest, Shop,
    ShopDelivery, ShopRequest,
)  # fmt: skip

"""Documents on the real server: its codec, write concern, transactions, races and indexes."""

from concurrent.futures import ThreadPoolExecutor
from decimal import Decimal

import mongoengine
import pytest
from pymongo.errors import DuplicateKeyError

from engine.accounts import accounts
from engine.accounts.accounts import User
from engine.db import indexes
from engine.db.connection import connect, utc_now
from engine.db.transactions import in_transaction
from engine.errors import ContactSheetsError
from engine.jobs import job_lease, jobs
from engine.jobs.jobs import Job
from engine.operations import collections


def a_user(**values):
    return User(**{"id": "u1", "email": "ana@x.com", "role": "viewer", "created_at": utc_now(), **values})


def test_documents_use_the_client_of_the_program_with_its_codec_and_write_concern(db):
    accounts.first_link(db, now=utc_now())

    collection = User.on(db)._collection

    assert mongoengine.connection._connections == {}, "no client of its own"
    assert collection.database.client is db.client
    assert (collection.codec_options, collection.write_concern) == (db.codec_options, db.write_concern)
    assert db.write_concern.document == {"w": "majority", "j": True}


def test_money_in_a_document_stays_exact(db):
    jobs.add(db, Job("j", "tidy", "t", "u1", "Ana", utc_now(), wanted={"total": Decimal("10.50")}))

    assert jobs.job(db, "j").wanted == {"total": Decimal("10.50")}


def test_two_databases_of_one_process_do_not_mix(db, mongod):
    other = connect(mongod.uri, f"{db.name}_other", app="tests")
    try:
        with ThreadPoolExecutor(4) as pool:
            for number in range(20):
                target = (db, other)[number % 2]
                pool.submit(User.on(target).insert, a_user(id=f"u{number}", email=f"{number}@x.com"))

        assert {int(user.id[1:]) % 2 for user in User.on(db)} == {0}
        assert {int(user.id[1:]) % 2 for user in User.on(other)} == {1}
    finally:
        other.client.drop_database(other.name)
        other.client.close()


def test_a_company_knows_a_person_by_one_account_and_local_ones_need_no_company(db):
    company = {"issuer": "https://id.example", "subject": "s"}
    User.on(db).insert(a_user(**company))
    User.on(db).insert(a_user(id="u2", email="bo@x.com"))
    User.on(db).insert(a_user(id="u3", email="cy@x.com"))

    with pytest.raises(DuplicateKeyError):
        User.on(db).insert(a_user(id="u4", email="di@x.com", **company))


def test_of_many_processes_that_make_the_local_admin_one_does(db):
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda _: accounts.first_link(db, now=utc_now()), range(8)))

    assert User.on(db, email=accounts.LOCAL_ADMIN).count() == 1


def test_a_job_is_claimed_by_one_of_many_workers(db):
    jobs.add(db, Job("j", "tidy", "t", "u1", "Ana", utc_now()))
    now = utc_now()

    with ThreadPoolExecutor(8) as pool:
        claimed = list(pool.map(lambda n: job_lease.claim(db, ["tidy"], now=now, holder=f"w{n}"), range(8)))

    assert len([job for job in claimed if job is not None]) == 1


# In a transaction


def test_of_a_transaction_that_fails_nothing_is_kept(db):
    def work(inside):
        User.on(inside).insert(a_user())
        inside.installation.insert_one({"_id": "note"})
        assert User.on(inside, id="u1").one() is not None
        raise ContactSheetsError("no")

    with pytest.raises(ContactSheetsError):
        in_transaction(db, work)

    assert User.on(db, id="u1").one() is None
    assert db.installation.find_one({"_id": "note"}) is None


def test_a_transaction_that_another_was_in_the_way_of_is_done_again(db):
    User.on(db).insert(a_user())
    tries = []

    def work(inside):
        tries.append(User.on(inside, id="u1").one().name)
        if len(tries) == 1:
            with ThreadPoolExecutor(1) as beside:  # another thread is outside of the transaction
                beside.submit(User.on(db, id="u1").update_one, set__name="beside").result()
        User.on(inside, id="u1").update_one(set__role="admin")

    in_transaction(db, work)

    ana = User.on(db, id="u1").one()
    assert (tries, ana.name, ana.role) == ([None, "beside"], "beside", "admin")


# Indexes


def test_an_index_that_is_gone_is_named_and_made_again(db, mongod):
    other = connect(mongod.uri, f"{db.name}_indexes", app="tests")
    try:
        indexes.create_all(other, collections.ALL)
        before = other.users.index_information()
        other.users.drop_index("email_1")

        assert list(indexes.missing(other, collections.ALL)) == ["users [('email', 1)]"]
        indexes.create_all(other, collections.ALL)
        assert other.users.index_information() == before
    finally:
        other.client.drop_database(other.name)
        other.client.close()

"""All tasks and the timetable: a few lines each that call into a room; arguments are ids only, and every task may run twice."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Any

from django.db import close_old_connections
from procrastinate import RetryStrategy
from procrastinate.contrib.django import app

from qicheng.domain.campus.effects import applications, deferral
from qicheng.domain.figures.effects import answers, counters, cube
from qicheng.domain.orgs.effects import keys, webhooks
from qicheng.domain.orgs.effects.sessions import forget_expired
from qicheng.domain.orgs.queries import open_cohorts
from qicheng.domain.registration import listings
from qicheng.domain.registration.effects import agreement, inviting, reminding
from qicheng.domain.registration.models import Registration
from qicheng.domain.registration.queries import (
    invitations_ending,
    overdue_invitations,
    unanswered_dissolutions,
    waiting_at_the_end,
)
from qicheng.domain.roster import imports as roster
from qicheng.domain.roster.imports import records
from qicheng.domain.transfer import imports as transfer_files
from qicheng.domain.transfer.effects import catching_up, confirmation, report_batches, reports, verification
from qicheng.domain.transfer.models import Confirmation
from qicheng.foundation.access import SYSTEM, Role
from qicheng.foundation.flow.cohorts import look_at_cohorts
from qicheng.foundation.flow.perform import Stopped, find, perform
from qicheng.foundation.listing import exports
from qicheng.foundation.papers.proofs import sweep_orphans
from qicheng.interfaces.jobs.outbox import send_login_code

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from uuid import UUID

log = logging.getLogger(__name__)
PATIENT = RetryStrategy(max_attempts=8, exponential_wait=5)
Task = Any


def task(name: str) -> Callable[[Callable[..., None]], Task]:
    """A task under the name that rooms defer it by."""

    def decorate(function: Callable[..., None]) -> Task:
        def fresh(**arguments: Any) -> None:
            close_old_connections()
            function(**arguments)

        fresh.__name__ = function.__name__
        return app.task(name=name, retry=PATIENT)(fresh)

    return decorate


@task("registration.make_agreement")
def make_agreement(case: str) -> None:
    """Typeset the agreement of a signing that took effect (SIGN-06)."""
    agreement.make_agreement(case)


@task("registration.send_batch")
def send_batch(batch: str) -> None:
    """Send the invitations of a batch that its employer released, each once (EMP-04)."""
    inviting.send_batch(batch)


@task("roster.read_upload")
def read_upload(upload: int) -> None:
    """Read and check an uploaded roster, up to its preview (IMP-02)."""
    roster.read_upload(upload)


@task("roster.apply_upload")
def apply_upload(upload: int) -> None:
    """Write the good lines of a checked roster, all or none (IMP-03)."""
    roster.apply_upload(upload)


@task("roster.read_records")
def read_employment_records(upload: int) -> None:
    """Read and check ready employment records, up to their preview (IMP-05)."""
    records.read_upload(upload)


@task("roster.apply_records")
def apply_employment_records(upload: int) -> None:
    """Write the good lines of ready employment records, all or none (IMP-05)."""
    records.apply_upload(upload)


@task("transfer.read_upload")
def read_records(area: str, upload: int) -> None:
    """Read and check a file of records of file or household, up to its preview (ARC-04)."""
    transfer_files.read_upload(area, upload)


@task("transfer.apply_upload")
def apply_records(area: str, upload: int) -> None:
    """Write the good lines of a checked file of records, all or none (ARC-04)."""
    transfer_files.apply_upload(area, upload)


@task("transfer.catch_up")
def catch_up(area: str, school: int, cohort: int) -> None:
    """Carry what was approved before a module opened into its records (ARC-03)."""
    catching_up.catch_up(area, school, cohort)


@task("transfer.make_report")
def make_report(kind: str, report: str) -> None:
    """Typeset, seal and issue a report that was asked for; without a key it waits and says so (REP-02)."""
    reports.make_report(kind, report)


@task("transfer.make_batch")
def make_batch(batch: int) -> None:
    """Make the reports of a list and pack them into one file (REP-01)."""
    report_batches.make_batch(batch)


@task("transfer.mark_downloaded")
def mark_downloaded(batch: int, account: int) -> None:
    """Put the download of a packed file on the record of each of its reports."""
    report_batches.mark_downloaded(batch, account)


@task("listing.make_export")
def make_export(export: int) -> None:
    """Make the file of a long list that somebody takes away (EXP-01)."""
    exports.make(export)


@task("campus.make_result")
def make_result(case: str) -> None:
    """Print the result of an application of a kind that a school declared itself (CAM-05)."""
    applications.make_result(case)


@task("notice.send_code")
def send_code(code: int) -> None:
    """Send the code of a first log-in or a forgotten password to the phone that it was made for."""
    send_login_code(code)


@app.periodic(cron="0 18 * * *", periodic_id="count_country")
@app.task(name="figures.count_country", queueing_lock="figures.count_country")
def count_country(timestamp: int) -> None:
    """Count the country at 2 in the morning in Beijing, for the tables that no counter keeps (STA-02)."""
    close_old_connections()
    cube.count_country()


@task("figures.answer")
def answer(answer: int) -> None:
    """Answer a question about a past moment of a province or the country (STA-01)."""
    answers.make(answer)


@app.periodic(cron="* * * * *", periodic_id="fold")
@app.task(name="figures.fold", queueing_lock="figures.fold")
def fold(timestamp: int) -> None:
    """Add up what was counted since; numbers are right without it, and read faster with it (STA-01)."""
    close_old_connections()
    counters.fold()


# Half past one in the morning in Beijing.
@app.periodic(cron="30 17 * * *", periodic_id="recount")
@app.task(name="figures.recount", queueing_lock="figures.recount")
def recount(timestamp: int) -> None:
    """Compare the counters of the cohorts that still act with the rows; what differs is mended and told to the operator (STA-01)."""
    close_old_connections()
    for cohort in open_cohorts():
        counters.recount(cohort)


@app.periodic(cron="17 3 * * *", periodic_id="tidy")
@app.task(name="orgs.tidy", queueing_lock="orgs.tidy")
def tidy(timestamp: int) -> None:
    """Let go of sessions, counters and codes whose time is over."""
    close_old_connections()
    forget_expired()


@app.periodic(cron="37 2 * * *", periodic_id="look")
@app.task(name="roster.look", queueing_lock="roster.look")
def look(timestamp: int) -> None:
    """Let the database look at the tables that are cut by cohort, which it does not do by itself."""
    close_old_connections()
    look_at_cohorts()


@app.periodic(cron="37 1 * * *", periodic_id="keys")
@app.task(name="orgs.keys", queueing_lock="orgs.keys")
def look_after_keys(timestamp: int) -> None:
    """Tell whoever holds a key of the API that it ends soon, and let go of calls and answers whose time is over (SYN-02)."""
    close_old_connections()
    keys.forget_calls()
    webhooks.forget()
    if told := keys.warn():
        log.info("keys: %d end soon", told)


@app.periodic(cron="* * * * *", periodic_id="webhooks")
@app.task(name="orgs.webhooks", queueing_lock="orgs.webhooks")
def tell_webhooks(timestamp: int) -> None:
    """Tell schools' other systems what happened since, and again what did not arrive (SYN-02)."""
    close_old_connections()
    webhooks.gather()
    webhooks.send_due()


@task("orgs.try_webhook")
def try_webhook(delivery: int) -> None:
    """Send the trial of a webhook at once."""
    webhooks.send_one_trial(delivery)


@app.periodic(cron="47 3 * * *", periodic_id="sweep")
@app.task(name="papers.sweep", queueing_lock="papers.sweep")
def sweep(timestamp: int) -> None:
    """Let go of files of proofs that nobody owns, and say which proofs lack theirs (REG-09)."""
    close_old_connections()
    swept = sweep_orphans()
    log.info("proofs: %d files let go", swept.files)
    for public_id in swept.lacking:
        log.error("proof %s lacks a file", public_id)


@app.periodic(cron="* * * * *", periodic_id="expire")
@app.task(name="registration.expire", queueing_lock="registration.expire")
def expire(timestamp: int) -> None:
    """Put the record of its expiry to every invitation whose deadline has passed (SIGN-02)."""
    close_old_connections()
    for case in overdue_invitations():
        try:
            perform(case, "expire", SYSTEM)
        except Stopped as why:
            log.info("registration %s did not expire: %s", case.public_id, type(why).__name__)


# In the hours of the day in Beijing: a message at midnight helps nobody.
@app.periodic(cron="5 1-9 * * *", periodic_id="remind")
@app.task(name="registration.remind", queueing_lock="registration.remind")
def remind(timestamp: int) -> None:
    """Remind whoever leaves a request to dissolve an agreement unanswered, on each day on which that is due (DIS-08)."""
    close_old_connections()
    for case in unanswered_dissolutions():
        try:
            perform(case, "remind", SYSTEM)
        except Stopped as why:
            log.info("dissolution %s was not reminded: %s", case.public_id, type(why).__name__)


@app.periodic(cron="35 1-9 * * *", periodic_id="waiting")
@app.task(name="registration.waiting", queueing_lock="registration.waiting")
def waiting(timestamp: int) -> None:
    """Bring to mind what waits long: to graduates and employers case by case, to each desk of reviewers how much, once a day."""
    close_old_connections()
    for cohort in open_cohorts():
        for model, public_id in listings.to_remind(cohort):
            try:
                reminding.remind(find(model, public_id, SYSTEM))
            except Stopped as why:
                log.info("case %s was not reminded of: %s", public_id, type(why).__name__)
        for role in (Role.COLLEGE, Role.SCHOOL):
            for school, node, days, counts in listings.desks(role, cohort):
                reminding.digest(role, node, cohort=cohort, school=school, days=days, counts=counts)


@app.periodic(cron="50 0-13 * * *", periodic_id="deadlines")
@app.task(name="registration.deadlines", queueing_lock="registration.deadlines")
def deadlines(timestamp: int) -> None:
    """Tell graduates, once each, that an invitation, or their cohort, ends soon, and that a report waits to be confirmed (NOT-01)."""
    close_old_connections()
    cohorts = open_cohorts()
    remind_each(Registration, invitations_ending(), reminding.ending)
    for cohort in cohorts:
        for model, public_id in waiting_at_the_end(cohort):
            remind_each(model, [public_id], reminding.closing)
    remind_each(Confirmation, confirmation.unanswered(cohorts), confirmation.bring_to_mind)


def remind_each(model: Any, public_ids: Sequence[UUID], remind: Callable[[Any], object]) -> int:
    """Remind of each of these cases; one that has moved on meanwhile, or that another worker has reminded of, is left alone. How many."""
    number = 0
    for public_id in public_ids:
        try:
            remind(find(model, public_id, SYSTEM))
            number += 1
        except Stopped as why:
            log.info("case %s was not reminded of: %s", public_id, type(why).__name__)
    return number


@app.periodic(cron="*/10 * * * *", periodic_id="report")
@app.task(name="transfer.report", queueing_lock="transfer.report")
def report(timestamp: int) -> None:
    """Report what came from schools' own platforms and is due (CON-01)."""
    close_old_connections()
    confirmation.report_due()


@app.periodic(cron="27 3 * * *", periodic_id="confirmations")
@app.task(name="transfer.confirmations", queueing_lock="transfer.confirmations")
def confirmations(timestamp: int) -> None:
    """Report records that changed without anybody saying so, and say how many those were (CON-02)."""
    close_old_connections()
    if found := confirmation.follow_missed():
        log.warning("confirmations: %d records had not been followed", found)


@app.periodic(cron="*/10 * * * *", periodic_id="restore")
@app.task(name="roster.restore", queueing_lock="roster.restore")
def restore(timestamp: int) -> None:
    """Report again the records of graduates who came back to the roster (ROS-07), and take up imports that were cut off."""
    close_old_connections()
    roster.restore_uploaded()
    roster.resume_stuck()
    records.resume_stuck()
    transfer_files.resume_stuck()
    exports.resume_stuck()


@app.periodic(cron="23 2 * * *", periodic_id="carry")
@app.task(name="transfer.carry", queueing_lock="transfer.carry")
def carry(timestamp: int) -> None:
    """Carry what is approved to whom the roster has put on the list of file or household since (ARC-03, ARC-08)."""
    close_old_connections()
    catching_up.catch_up_everywhere()


@app.periodic(cron="*/5 * * * *", periodic_id="seal")
@app.task(name="transfer.seal", queueing_lock="transfer.seal")
def seal(timestamp: int) -> None:
    """Make reports that waited for the key, or whose worker was killed; let those follow that the roster has overtaken (REP-01, REP-02)."""
    close_old_connections()
    if taken := reports.take_up():
        log.info("reports: %d taken up", taken)
    reports.supersede_changed()
    report_batches.resume_stuck()


# After midnight in Beijing: a notice stands for whole days.
@app.periodic(cron="13 16 * * *", periodic_id="public_notices")
@app.task(name="campus.end_notices", queueing_lock="campus.end_notices")
def end_notices(timestamp: int) -> None:
    """End the applications whose public notice has stood for its days (CAM-05)."""
    close_old_connections()
    if ended := applications.end_notices():
        log.info("applications: %d ended after their public notice", ended)


@app.periodic(cron="3 0 * * *", periodic_id="authorisations")
@app.task(name="transfer.authorisations", queueing_lock="transfer.authorisations")
def authorisations(timestamp: int) -> None:
    """End the authorisations whose last day was yesterday; looks stop with the day itself (VER-02)."""
    close_old_connections()
    if ended := verification.expire():
        log.info("authorisations: %d ended", ended)


@app.periodic(cron="7 4 * * *", periodic_id="packed")
@app.task(name="transfer.packed", queueing_lock="transfer.packed")
def packed(timestamp: int) -> None:
    """Let go of packed files of reports that nobody needs any more."""
    close_old_connections()
    log.info("reports: %d packed files let go", report_batches.sweep_batches())


@app.periodic(cron="37 * * * *", periodic_id="taken_away")
@app.task(name="listing.sweep_exports", queueing_lock="listing.sweep_exports")
def sweep_exports(timestamp: int) -> None:
    """Let go of files of exports that were kept for their day."""
    close_old_connections()
    if gone := exports.sweep():
        log.info("exports: %d files let go", gone)


# Eleven minutes after midnight in Beijing.
@app.periodic(cron="11 16 * * *", periodic_id="deferrals")
@app.task(name="campus.deferrals", queueing_lock="campus.deferrals")
def deferrals(timestamp: int) -> None:
    """End deferred dispatch whose last day was yesterday; what counts no more is told by the clock alone (PKU-05)."""
    close_old_connections()
    if ended := deferral.end_due():
        log.info("deferrals: %d ended", ended)


@app.periodic(cron="25 1 * * *", periodic_id="remind_deferrals")
@app.task(name="campus.remind_deferrals", queueing_lock="campus.remind_deferrals")
def remind_deferrals(timestamp: int) -> None:
    """Tell graduates, once, that their deferred dispatch ends soon (PKU-05)."""
    close_old_connections()
    deferral.remind()

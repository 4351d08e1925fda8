"""Where a graduate chooses how to register: four groups, their types with what proves them, and three questions (REG-10, DES-01)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from django.http import Http404
from django.shortcuts import redirect
from django.urls import NoReverseMatch, reverse

from qicheng.domain.orgs.queries import edition_of
from qicheng.domain.registration import queries
from qicheng.domain.registration.pages.graduate import own_line
from qicheng.domain.registration.sheets import destinations
from qicheng.domain.registration.sheets.destinations import Group
from qicheng.domain.registration.sheets.destinations.finding import AGREEMENTS, QUESTIONS, SITUATION
from qicheng.foundation.access import Role
from qicheng.foundation.access.pages import audience
from qicheng.foundation.listing.page import render

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from django.http import HttpRequest, HttpResponse

    from qicheng.domain.registration.sheets.destinations import Destination
    from qicheng.domain.roster.models import Graduate

FLOW = "destination"
ABOUT = {
    Group.AGREEMENT: "和单位签全国高校毕业生就业协议书：线上签，线下签，或者已经签好了来补登",
    Group.EMPLOYMENT: "劳动合同、公招、基层项目、入伍、创业、自由职业等",
    Group.STUDY: "在境内升学，或者出国出境深造",
    Group.UNEMPLOYED: "还在求职、备考、准备，或者暂时不就业",
}
ICONS = {Group.AGREEMENT: "sign", Group.EMPLOYMENT: "brief", Group.STUDY: "school", Group.UNEMPLOYED: "compass"}


@dataclass(frozen=True, slots=True)
class Way:
    """A way to an employment agreement: what it is, how it goes, and the address where it begins; '' while there is none."""

    key: str
    label: str
    answer: str
    definition: str
    proofs: str
    url: str


@dataclass(frozen=True, slots=True)
class Question:
    """One of the three questions: its name in the address, its words, and (value, words) of the answers."""

    name: str
    words: str
    answers: Sequence[tuple[str, str]]


@audience(Role.GRADUATE)
def go(request: HttpRequest) -> HttpResponse:
    """The four groups; a directed graduate has one type and sees no other (ROS-06)."""
    graduate = own_line(request)
    if place := queries.elsewhere(graduate):
        return redirect(place.url)
    own = mine(graduate)
    first = next(iter(own.values()))[0]
    why = queries.obstacle(FLOW, graduate, request.actor, kind=first.key, edition=edition_of(graduate.cohort))  # type: ignore[attr-defined]
    groups = own if destinations.is_directed(graduate.training_mode) else [Group.AGREEMENT, *own]
    cells = [
        {
            "title": one.label,
            "url": reverse("registration:go_group", args=[one]),
            "icon": ICONS[one],
            "more": ABOUT[one],
        }
        for one in groups
    ]
    return render(request, "registration/choosing.html", {
        "graduate": graduate, "cells": cells, "why": why,
        "only": only_type(graduate),
    })  # fmt: skip


@audience(Role.GRADUATE)
def go_group(request: HttpRequest, group: str) -> HttpResponse:
    """The types of a group, or the ways to an agreement, each with what it is, what proves it, and who may choose it."""
    graduate = own_line(request)
    if place := queries.elsewhere(graduate):
        return redirect(place.url)
    chosen = next((one for one in Group if one == group), None)
    kinds = mine(graduate).get(chosen, []) if chosen else []
    ways = agreement_ways(graduate) if chosen is Group.AGREEMENT else []
    if not (chosen and (kinds or ways)):
        raise Http404
    return render(request, "registration/choosing_group.html", {
        "group": chosen, "kinds": kinds, "ways": ways, "edition": edition_of(graduate.cohort), "begin": begins(kinds),
        "back": reverse("registration:go"), "heading": "登记去向",
    })  # fmt: skip


@audience(Role.GRADUATE)
def go_guide(request: HttpRequest) -> HttpResponse:
    """高校毕业生毕业去向分类及证明材料: every type that this graduate may choose, group after group."""
    graduate = own_line(request)
    if place := queries.elsewhere(graduate):
        return redirect(place.url)
    return render(request, "registration/choosing_guide.html", {
        "groups": mine(graduate), "ways": agreement_ways(graduate), "edition": edition_of(graduate.cohort),
        "back": reverse("registration:go"), "heading": "登记去向",
    })  # fmt: skip


@audience(Role.GRADUATE)
def go_find(request: HttpRequest) -> HttpResponse:
    """Three questions that lead to the right type; answers stand in the address, and each can be changed."""
    graduate = own_line(request)
    if place := queries.elsewhere(graduate):
        return redirect(place.url)
    answers, question, kind, way = asked(graduate, request.GET.dict())
    return render(request, "registration/choosing_find.html", {
        "answers": answers, "question": question, "kind": kind, "way": way, "number": len(answers) + 1,
        "edition": edition_of(graduate.cohort), "begin": begins([kind] if kind else []),
        "back": reverse("registration:go"), "heading": "登记去向",
    })  # fmt: skip


def mine(graduate: Graduate) -> dict[Group, list[Destination]]:
    """The types that this graduate may choose, by group."""
    return destinations.by_group(edition_of(graduate.cohort), graduate.training_mode)


def only_type(graduate: Graduate) -> Destination | None:
    """The one type that a directed graduate has; None for everybody else."""
    found = destinations.types(edition_of(graduate.cohort), graduate.training_mode)
    return found[0] if destinations.is_directed(graduate.training_mode) else None


def agreement_ways(graduate: Graduate) -> list[Way]:
    """How an agreement is registered (REG-10); nobody who is directed signs one."""
    if destinations.is_directed(graduate.training_mode):
        return []
    return [
        Way("online", "线上签约", "单位愿意在平台上签", "和单位谈好以后，由单位在平台上发起邀请，你在这里回应；学校审核通过，协议生效。",
            "不用上传证明材料。", reverse("registration:records")),
        Way("offline", "向学校申请电子就业协议书 线下登记", "要线下签，还没有协议书",
            "填写单位和岗位信息，学校审核后生成带编号的电子就业协议书，下载打印，请单位盖章，再上传盖章的协议书，由学校审核。",
            "盖章的就业协议书。", address("registration:offline_new")),
        Way("paper", "已签纸质就业协议 补充登记", "纸质就业协议书已经签好",
            "已经用学校发的纸质就业协议书签好的，填写协议内容，上传盖章的协议书，由学校审核。", "盖章的纸质就业协议书。", address("registration:paper_new")),
    ]  # fmt: skip


def address(name: str, *values: str) -> str:
    """The address of a page, or '' where there is none."""
    try:
        return reverse(name, args=values)
    except NoReverseMatch:
        return ""


def begins(kinds: Sequence[Destination]) -> dict[str, str]:
    """Where the registration of each type begins, by its key."""
    return {one.key: address("registration:destination_new", one.key) for one in kinds}


def asked(
    graduate: Graduate, given: Mapping[str, str]
) -> tuple[list[tuple[str, str, str]], Question | None, Destination | None, Way | None]:
    """(what was answered: name, value, words; the next question; the type or the way that was found).

    An answer that is not offered counts as not given; a question with one answer left is not asked.
    """
    if only := only_type(graduate):
        return [], None, only, None
    edition, answers = edition_of(graduate.cohort), []
    first, second, third = (given.get(name, "") for name in ("is", "has", "choice"))
    situations = [(key, words) for key, (words, _, _) in QUESTIONS.items() if places(key, edition)]
    if first not in dict(situations):
        return [], Question("is", SITUATION, situations), None, None
    answers.append(("is", first, dict(situations)[first]))
    offered = places(first, edition)
    if second not in dict(offered) and len(offered) > 1:
        return answers, Question("has", QUESTIONS[first][1], offered), None, None
    second = second if second in dict(offered) else offered[0][0]
    if len(offered) > 1:
        answers.append(("has", second, dict(offered)[second]))
    ways = agreement_ways(graduate) if f"{first}.{second}" == AGREEMENTS else []
    here: list[Destination | Way] = [*destinations.found_at(f"{first}.{second}", edition), *ways]
    found = {one.key: one for one in here}
    if len(found) > 1 and third not in found:
        return (
            answers,
            Question("choice", "具体是哪一种？", [(key, one.answer) for key, one in found.items()]),
            None,
            None,
        )
    one = found[third] if third in found else next(iter(found.values()))
    if len(found) > 1:
        answers.append(("choice", one.key, one.answer))
    return (answers, None, None, one) if isinstance(one, Way) else (answers, None, one, None)


def places(first: str, edition: str) -> list[tuple[str, str]]:
    """The answers to the second question that lead somewhere in this edition."""
    return [
        (key, words)
        for key, words in QUESTIONS[first][2].items()
        if f"{first}.{key}" == AGREEMENTS or destinations.found_at(f"{first}.{key}", edition)
    ]

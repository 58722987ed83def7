from __future__ import annotations

from bot.engine.plan import Allowed, Plan, plan
from bot.engine.simulate import Options
from bot.report.repairs import Repair, Repairs
from codemods import Shelf
from tests.tools import DOCKERFILE, FLY, HEALTHY, MAIN, Files, only, tree

GONE = {**HEALTHY, "main.py": MAIN + "import helpers.gone\n", "helpers/__init__.py": ""}
CHOICE = {**HEALTHY, "fly.toml": FLY + "\n[env]\n  A = '1'\n  A = '2'\n"}


def considered(files: Files, allowed: Allowed = Allowed(unsafe=True)) -> Plan:
    return plan(tree(files), Shelf(), Options(), allowed)


def test_without_a_plan_there_is_no_repair_and_no_reason():
    [fault] = only(GONE).faults
    assert (Repairs(None).of(fault), Repairs(None).reasons(fault)) == (None, [])


def test_a_fault_is_looked_up_by_what_it_is_and_not_by_where_it_stands():
    files = {**HEALTHY, "fly.toml": FLY + FLY}
    repairs = Repairs(considered(files))
    [fault] = only(files).faults
    assert repairs.of(fault) == Repair("repair-toml", "safe")
    assert fault.place
    assert repairs.of(fault._replace(place=fault.place._replace(line=99))) == Repair("repair-toml", "safe")
    assert repairs.of(fault._replace(message="another")) is None


def test_how_safe_a_repair_is_comes_along():
    assert Repairs(considered(CHOICE)).of(only(CHOICE).faults[0]) == Repair("repair-toml", "unsafe")


def test_a_repair_that_is_not_allowed_is_a_reason():
    [fault] = only(CHOICE).faults
    repairs = Repairs(considered(CHOICE, Allowed()))
    assert repairs.of(fault) is None
    assert repairs.reasons(fault)[0].startswith("repair-toml: ")


def test_one_edit_may_repair_several_faults():
    server = "uvicorn main:app --host 0.0.0.0 --port 8080"
    groups = f"  processes = ['web']\n\n[processes]\n  web = '{server}'\n  work = 'python work.py'\n"
    files = {
        "fly.toml": FLY + groups,
        "Dockerfile": DOCKERFILE.replace("COPY . .", "COPY . .\nWORKDIR /app/backend"),
        "requirements.txt": "fastapi\nuvicorn\n",
        "backend/main.py": MAIN + "import backend.later\n",
        "backend/work.py": "import backend.later\n",
        "backend/later.py": "",
    }
    made = considered(files)
    assert [step.codemod for step in made.steps] == ["set-pythonpath"]
    faults = only(files).faults
    assert {fault.process for fault in faults} == {"web", "work"}
    assert [Repairs(made).of(fault) for fault in faults] == [Repair("set-pythonpath", "safe")] * 2


def test_the_first_repair_of_a_finding_counts():
    made = considered({**HEALTHY, "fly.toml": FLY + FLY})
    [step] = made.steps
    twice = made._replace(steps=(step, step._replace(codemod="another")))
    assert Repairs(twice).of(step.finding) == Repair("repair-toml", "safe")


def test_a_fault_that_nothing_repairs_has_the_reason_of_each_codemod_once():
    made = considered(GONE)
    reasons = Repairs(made._replace(dropped=made.dropped * 2)).reasons(only(GONE).faults[0])
    assert len(reasons) == len(set(reasons)) >= 2
    assert {reason.partition(": ")[0] for reason in reasons} <= set(Shelf().answering("module-not-found"))


def test_a_weakness_is_looked_up_too():
    files = {**HEALTHY, "fly.toml": FLY.replace("[build]", "[build]\n  context = '.'")}
    made = considered(files, Allowed(select=("drop-unknown-key",)))
    [weakness] = made.before[0].weaknesses
    assert Repairs(made).of(weakness) == Repair("drop-unknown-key", "safe")


def test_an_edit_that_is_a_judgement_call_is_only_selected_with_unsafe():
    assert Repair("add-dockerignore", "safe").selected == "--select add-dockerignore"
    assert Repair("lazy-client", "unsafe").selected == "--unsafe --select lazy-client"

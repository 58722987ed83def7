from bot.engine.model.config import load
from bot.engine.platforms.blueprint import Blueprint

TEXT = """\
services:
  - type: web
    name: api
    envVars:
      - key: PLAIN
        value: text
      - key: NUMBER
        value: 10000
      - key: FLAG
        value: true
      - key: SECRET
        sync: false
      - key: MADE
        generateValue: true
      - key: URL
        fromDatabase: { name: db, property: connectionString }
      - key: SHARED
        value: own
      - fromGroup: common
      - key: OTHER
        fromService: { name: jobs, type: worker, envVarKey: TOKEN }
      - key: HOST
        fromService: { name: jobs, type: worker, property: host }
  - type: worker
    name: jobs
    envVars:
      - key: TOKEN
        value: abc
envVarGroups:
  - name: common
    envVars:
      - key: SHARED
        value: of the group
      - key: MODE
        value: production
      - key: SALT
        generateValue: true
"""
NESTED = "projects:\n  - name: p\n    environments:\n      - name: e\n        services:\n          - name: inner\n"


def blueprint(text: str = TEXT) -> Blueprint:
    return Blueprint(load("render.yaml", text))


def test_what_the_variables_of_a_service_come_to():
    whole = blueprint()
    assert whole.env(whole.services[0][0]) == {
        "PLAIN": "text",
        "NUMBER": "10000",
        "FLAG": "true",
        "SECRET": None,
        "MADE": None,
        "URL": None,
        "SHARED": "own",
        "MODE": "production",
        "SALT": None,
        "OTHER": "abc",
        "HOST": None,
    }


def test_the_names_are_known_where_the_groups_are():
    whole = blueprint()
    assert whole.names(whole.services[1][0]) == {"TOKEN"}
    other = blueprint(TEXT.replace("fromGroup: common", "fromGroup: of-the-dashboard"))
    assert other.names(other.services[0][0]) is None


def test_services_of_projects():
    assert [path for _, path in blueprint(NESTED).services] == [("projects", 0, "environments", 0, "services", 0)]


def test_where_a_variable_is_written():
    whole = blueprint()
    assert whole.variable(("services", 0), "NUMBER") == ("services", 0, "envVars", 1, "value")
    assert whole.variable(("services", 1), "NUMBER") is None

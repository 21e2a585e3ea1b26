"""The configuration of the workflow, checked against its schema before the first job."""

from __future__ import annotations

from collections.abc import Iterator
from copy import deepcopy
from pathlib import Path
from typing import Any

import yaml
from jsonschema import Draft202012Validator
from jsonschema.exceptions import ValidationError
from jsonschema.validators import extend

SCHEMA = Path(__file__).resolve().parents[1] / "schemas" / "config.schema.yaml"


def checked(configuration: dict[str, Any]) -> dict[str, Any]:
    """
    A copy of ``configuration`` with the defaults of the schema filled in.

    :raises ValueError: one line that names the path of each unknown key, missing key or value out
        of bounds, and what is allowed there, and each curve whose data set is not listed
    """
    schema = yaml.safe_load(SCHEMA.read_text(encoding="utf-8"))
    filled = deepcopy(configuration)
    validator = extend(Draft202012Validator, {"properties": _properties_with_defaults})
    complaints = [_complaint(error) for error in validator(schema).iter_errors(filled)]
    if not complaints:
        complaints += _unknown_datasets(filled) + _impossible_regressions(filled)
    if complaints:
        raise ValueError(f"Configuration refused: {'; '.join(sorted(set(complaints)))}.")
    return filled


def _unknown_datasets(configuration: dict[str, Any]) -> list[str]:
    """Fill in the data set of each learning curve; complain about those that are not there."""
    complaints = []
    for name, curve in configuration["density"]["learning_curves"].items():
        curve["dataset"] = curve["dataset"] or name
        if curve["dataset"] not in configuration["datasets"]:
            complaints.append(
                f"density.learning_curves.{name}: {curve['dataset']!r} is none of datasets "
                f"({', '.join(configuration['datasets'])})"
            )
    wigner = configuration["wigner"]
    protocols = {f"curves.{name}": curve for name, curve in wigner["curves"].items()}
    for name, curve in {**protocols, "sparse": wigner["sparse"]}.items():
        if curve["dataset"] not in configuration["datasets"]:
            complaints.append(
                f"wigner.{name}: {curve['dataset']!r} is none of datasets "
                f"({', '.join(configuration['datasets'])})"
            )
    if "b8" not in configuration["datasets"]:
        complaints.append("completeness.b8: datasets has no b8")
    return complaints


def _impossible_regressions(configuration: dict[str, Any]) -> list[str]:
    """Complain about a large regression on a kernel, or a search in structures, it has not."""
    large = configuration["wigner"]["large"]
    if large is None:
        return []
    complaints = []
    kernels = configuration["wigner"]["curves"][large["curve"]]["kernels"]
    if large["kernel"] not in kernels:
        complaints.append(
            f"wigner.large.kernel: {large['kernel']!r} is none of wigner.curves.{large['curve']}"
            f".kernels ({', '.join(kernels)})"
        )
    most = min(large["chunk"], large["n_train"])
    if large["n_search"] > most:
        complaints.append(
            f"wigner.large.n_search: {large['n_search']} structures are more than the {most} of "
            "the first chunk that train"
        )
    return complaints


def _properties_with_defaults(
    validator: Any, properties: dict[str, Any], instance: Any, schema: dict[str, Any]
) -> Iterator[ValidationError]:
    """The keyword ``properties``, which first fills what the instance leaves open."""
    if isinstance(instance, dict):
        for name, subschema in properties.items():
            if "default" in subschema:
                instance.setdefault(name, deepcopy(subschema["default"]))
    yield from Draft202012Validator.VALIDATORS["properties"](
        validator, properties, instance, schema
    )


def _complaint(error: ValidationError) -> str:
    """The error in one line: path, what is wrong, what is allowed."""
    place = ".".join(str(part) for part in error.absolute_path) or "top level"
    if error.validator == "additionalProperties":
        allowed = sorted(error.schema.get("properties", {}))
        unknown = sorted(set(error.instance) - set(allowed))
        return f"{place}: unknown key {', '.join(unknown)} (known: {', '.join(allowed)})"
    if error.validator == "required":
        missing = sorted(set(error.validator_value) - set(error.instance))
        return f"{place}: missing key {', '.join(missing)}"
    message = " ".join(error.message.split())
    description = " ".join(str(error.schema.get("description", "")).split())
    return f"{place}: {message}" + (f" ({description})" if description else "")

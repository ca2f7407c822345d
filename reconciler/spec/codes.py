"""Every code a finding of the spec language can carry. Scripts and CI rules rely on them; none is ever renamed.

The text is the rule behind the code, as a code-scanning report lists it.
"""

from __future__ import annotations

CODES: dict[str, str] = {
    # files
    "file_missing": "A file or folder that the project names exists.",
    "file_unreadable": "A spec file can be opened and read.",
    "not_a_regular_file": "A spec is a regular file, not a folder, device, pipe or socket.",
    "outside_project": "Every path stays beneath the project's folder, links followed.",
    "invalid_path": "A path is relative, is written with forward slashes and holds no control characters.",
    "outside_specs": "A file to be written lies where the project reads its specs.",
    "too_large": "Files, documents and the project as a whole stay within their limits.",
    "no_specs": "A project has specs.",
    "encoding": "A spec file is UTF-8.",
    "forbidden_character": "Specs hold no control characters and no text-direction overrides.",
    # YAML
    "yaml_syntax": "A spec is well-formed YAML.",
    "yaml_alias": "Specs use no aliases.",
    "yaml_anchor": "Specs use no anchors.",
    "yaml_merge_key": "Specs use no merge keys.",
    "yaml_tag": "Specs use no tags.",
    "yaml_version": "Specs are read as YAML 1.2.",
    "yaml_key": "Every key is text.",
    "yaml_number": "Numbers fit into 64 bits and are finite.",
    "duplicate_key": "A key stands once in a mapping.",
    # documents
    "not_a_spec": "A document has apiVersion, kind, metadata and spec.",
    "unknown_kind": "The kind is one that tuneform knows.",
    "unknown_field": "Every field is one that tuneform knows.",
    "server_field": "Fields that only the server sets are left out.",
    "misplaced_field": "A field stands where it belongs.",
    "duplicate_field": "A field is given once, in one spelling.",
    "missing_field": "Every required field is given.",
    "conflicting_fields": "Fields that exclude each other are not both given.",
    "wrong_type": "A value is of the type its field takes.",
    "invalid_choice": "A value is one of the field's choices.",
    "invalid_format": "A value is written the way its field asks for.",
    "not_supported": "Only what this version can do is asked for.",
    "out_of_range": "A value is within the bounds of its field.",
    "invalid_name": "Names are lowercase letters, digits and hyphens.",
    "invalid_label": "Labels follow Google's syntax.",
    "reserved_label": "Labels that tuneform and Google write are left to them.",
    # the project as a whole
    "duplicate_address": "An address is declared once in a project.",
    "case_twin": "Names differ in more than upper and lower case.",
    "invalid_reference": "A reference is an address, a Cloud Storage URI or a resource name, as its field asks.",
    "unknown_reference": "A reference points to a spec of the project.",
    "wrong_reference": "A reference points to a spec of a fitting kind.",
    "dependency_cycle": "Specs do not depend on themselves, not even by way of others.",
    "dataset_format": "A dataset's format fits the way it is used.",
    "unknown_metric": "A gate's metric is one that the run will report.",
    # warnings
    "unused_dataset": "Every dataset is used.",
    "unused_override": "Every override matches a spec.",
    "unusual_value": "A hyper-parameter lies in the range that Google suggests.",
    "same_dataset": "Training and validation data differ.",
    "more_findings": "The list of findings is complete.",
}

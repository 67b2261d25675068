"""What Doxygen's XML says of the header: sections, and in them functions, types and macros."""

import copy
import xml.etree.ElementTree as ET
from dataclasses import dataclass, field
from pathlib import Path

from . import names


@dataclass
class Member:
    """A function, a type or a macro."""

    name: str
    kind: str
    element: ET.Element
    fields: list = field(default_factory=list)

    def part(self, tag):
        return self.element.find(tag)

    def brief(self):
        return "".join(self.part("briefdescription").itertext()).strip()

    def section(self, title):
        """The simple section of this kind or with this heading, or None."""
        for section in self.element.iter("simplesect"):
            heading = section.findtext("title") or section.get("kind")
            if heading == title:
                return section
        return None

    def parameters(self):
        """The documented parameters, each with its description."""
        return [
            (item.findtext("parameternamelist/parametername"), item.find("parameterdescription"))
            for items in self.element.iter("parameterlist")
            for item in items
        ]

    def mentions(self):
        """The names that are referred to, in the order in which they come."""
        return list(dict.fromkeys("".join(ref.itertext()) for ref in self.element.iter("ref")))


@dataclass
class Model:
    sections: list  # (title, [Member])
    overview: ET.Element

    def members(self):
        return {member.name: member for _, members in self.sections for member in members}


def read(directory):
    """All of the header, in its order."""
    directory = Path(directory)
    compounds = {}
    for path in sorted(directory.glob("*.xml")):
        for compound in ET.parse(path).getroot().iter("compounddef"):
            compounds[compound.findtext("compoundname")] = compound
    titles = ["Macros", "Types", *names.BANNER.findall(names.header())]
    sections = [(title, section(compounds, names.section_id(title))) for title in titles]
    return Model(sections, compounds["procession.h"])


def section(compounds, name):
    """The members of a section, in the header's order."""
    found = [member(element, compounds) for element in compounds[name].iter("memberdef")]
    found += [member(compounds[c.text], compounds) for c in compounds[name].iter("innerclass")]
    known = {each.name: each for each in found}
    return [known[name] for name in names.declarations() if name in known]


def member(element, compounds):
    name = element.findtext("name") or element.findtext("compoundname")
    if name in compounds:
        struct = compounds[name]
        return Member(name, "struct", struct, [Member(f.findtext("name"), "field", f) for f in struct.iter("memberdef")])
    values = [Member(v.findtext("name"), "value", v) for v in element.iter("enumvalue")]
    return Member(name, element.get("kind"), copy.deepcopy(element), values)

"""Where a C file can be wrong, and the file with all of these mistakes in it (for scripts/mutate).

All mutants of a file are compiled in at once, each behind its number (mutant schemata, Untch 1993).
Places come from clang's syntax tree, so that a mutant is always valid C; what a macro expands to is
left alone.
"""
import json
import os
import subprocess

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))

BOUNDARY = {"<": "<=", "<=": "<", ">": ">=", ">=": ">"}
EQUALITY = {"==": "!=", "!=": "=="}
LOGICAL = {"&&": "||", "||": "&&"}
ARITHMETIC = {"+": "-", "-": "+", "*": "+", "/": "*", "%": "*", "&": "|", "|": "&", "^": "&",
              "<<": ">>", ">>": "<<"}
ASSIGNING = {"+=": "-=", "-=": "+=", "*=": "/=", "/=": "*=", "|=": "&=", "&=": "|=", "<<=": ">>="}
STEPS = {"++": "--", "--": "++"}
COMPARING = {**BOUNDARY, **EQUALITY}
WRAPPERS = ("ImplicitCastExpr", "ParenExpr", "ConstantExpr")
CONSTANT = ("UnaryExprOrTypeTraitExpr", "StaticAssertDecl", "EnumDecl", "RecordDecl")


class Mutant:
    def __init__(self, noun, file, line, function, what):
        self.noun, self.file, self.line = noun, file, line
        self.function, self.what = function, what
        self.number = 0

    def key(self):
        """One mutant's own. Without the line: a judgement outlives edits elsewhere in the file."""
        return f"{self.file} {self.function}: {self.what}"


class Edit:
    """Replaces [begin, end) by parts: texts, and ranges of the source that may hold more edits."""

    def __init__(self, begin, end, parts):
        self.begin, self.end, self.parts = begin, end, parts


class Source:
    def __init__(self, noun, path, first):
        self.noun, self.path = noun, path
        with open(os.path.join(ROOT, path), encoding="utf-8") as f:
            self.text = f.read()
        self.raw = self.text.encode()
        self.edits, self.mutants, self.compared, self.named = [], [], set(), {}
        self.first = first
        self.function = self.returns = ""
        for node in self.tree()["inner"]:
            if node["kind"] == "FunctionDecl" and self.is_here(node):
                body = [n for n in node.get("inner", []) if n["kind"] == "CompoundStmt"]
                self.function = node["name"]
                self.returns = node["type"]["qualType"].split("(")[0].strip()
                for statement in body:
                    self.walk(statement)

    def tree(self):
        command = ["clang", "-std=c17", "-D_GNU_SOURCE", "-D_FILE_OFFSET_BITS=64", "-I.", "-w",
                   '-DTFB_VERSION="0"', "-fsyntax-only", "-Xclang", "-ast-dump=json", self.path]
        return json.loads(subprocess.run(command, cwd=ROOT, check=True, capture_output=True).stdout)

    @staticmethod
    def is_here(node):
        loc = node.get("loc", {})
        return "includedFrom" not in loc.get("expansionLoc", loc)

    # Offsets: clang gives the first byte of the first and of the last token.

    def span(self, node):
        begin, end = (node.get("range", {}).get(k, {}) for k in ("begin", "end"))
        first, last = begin.get("expansionLoc", begin), end.get("expansionLoc", end)
        if "offset" not in first:
            return None
        stop = last["offset"] + last["tokLen"]
        if "expansionLoc" in end and self.raw[stop:stop + 1] == b"(":
            stop = self.closing(stop)
        return first["offset"], stop

    def closing(self, at):
        depth = 0
        for i in range(at, len(self.raw)):
            depth += {40: 1, 41: -1}.get(self.raw[i], 0)
            if not depth:
                return i + 1
        raise ValueError("unbalanced")

    def one_macro(self, node):
        ends = [node.get("range", {}).get(k, {}) for k in ("begin", "end")]
        return all("expansionLoc" in x for x in ends) and \
            ends[0]["expansionLoc"]["offset"] == ends[1]["expansionLoc"]["offset"]

    def slice(self, span):
        return self.raw[span[0]:span[1]].decode()

    # One mutant more: its number, as the condition that chooses it.

    def mutant(self, at, what):
        same = self.named[self.function, what] = self.named.get((self.function, what), 0) + 1
        name = what if same == 1 else f"{what} #{same}"
        m = Mutant(self.noun, self.path, self.raw.count(b"\n", 0, at) + 1, self.function, name)
        m.number = self.first + len(self.mutants)
        self.mutants.append(m)
        return f"mutant_is({m.number})"

    def edit(self, span, *parts):
        self.edits.append(Edit(*span, parts))

    def short(self, span):
        text = " ".join(self.slice(span).split())
        return text if len(text) <= 60 else text[:57] + "..."

    # The rules, by kind of node.

    def walk(self, node):
        kind = node.get("kind")
        span = self.span(node) if kind else None
        if not span or kind in CONSTANT or (kind == "VarDecl" and
                                            node.get("storageClass") == "static"):
            return
        if self.one_macro(node):
            if self.slice(span) in ("true", "false"):
                self.edit(span, "(", span, " != ", self.mutant(span[0], f"not {self.short(span)}"),
                          ")")
            return
        rule = getattr(self, "on_" + kind, None)
        if rule and rule(node, span) is False:
            return
        for child in node.get("inner", []):
            self.walk(child)

    def strip(self, node):
        while node.get("kind") in WRAPPERS:
            node = node["inner"][0]
        return node

    def condition(self, node):
        """Negates what a branch hangs on, unless the node's own rule does it."""
        node = self.strip(node)
        span = self.span(node)
        own = node.get("opcode", "") in {**COMPARING, **LOGICAL} or \
            (node["kind"] == "UnaryOperator" and node["opcode"] == "!")
        if not own and span and not (self.one_macro(node) and
                                     self.slice(span) in ("true", "false")):
            self.edit(span, "(!!(", span, ") != ",
                      self.mutant(span[0], f"not {self.short(span)}"), ")")

    def on_BinaryOperator(self, node, span):
        op = node["opcode"]
        a, b = (self.span(x) for x in node["inner"])
        if op in LOGICAL:
            for side in node["inner"]:
                if self.strip(side).get("opcode") not in LOGICAL:
                    self.condition(side)
            choose = self.mutant(span[0], f"{self.short(span)}: {op} is {LOGICAL[op]}")
            test = "x_ != " if op == "&&" else "x_ == "
            self.edit(span, "({ _Bool x_ = (", a, f"); if ({test}{choose}) x_ = (", b,
                      "); x_; })")
        elif op in COMPARING:
            # A number that is one more or less here is the other boundary again.
            self.compared.update(self.span(x) for x in map(self.strip, node["inner"])
                                 if x["kind"] == "IntegerLiteral" and op in BOUNDARY)
            parts = ["({ __auto_type a_ = (", a, "); __auto_type b_ = (", b, "); "]
            if op in BOUNDARY:
                edge = self.mutant(span[0], f"{self.short(span)}: {op} is {BOUNDARY[op]}")
                parts.append(f"{edge} ? a_ {BOUNDARY[op]} b_ : ")
            parts.append(f"(a_ {op} b_) != {self.mutant(span[0], f'not {self.short(span)}')}; }})")
            self.edit(span, *parts)
        elif op in ARITHMETIC and "*" not in node["inner"][1]["type"]["qualType"]:
            other = ARITHMETIC[op]
            choose = self.mutant(span[0], f"{self.short(span)}: {op} is {other}")
            self.edit(span, "({ __auto_type a_ = (", a, "); __auto_type b_ = (", b,
                      f"); {choose} ? a_ {other} b_ : a_ {op} b_; }})")

    def on_CompoundAssignOperator(self, node, span):
        op = node["opcode"]
        a, b = (self.span(x) for x in node["inner"])
        if op in ASSIGNING:
            choose = self.mutant(span[0], f"{self.short(span)}: {op} is {ASSIGNING[op]}")
            self.edit(span, f"({choose} ? (", a, f" {ASSIGNING[op]} ", b, ") : (", a, f" {op} ", b,
                      "))")

    def on_UnaryOperator(self, node, span):
        op, inner = node["opcode"], self.span(node["inner"][0])
        if op == "-" and self.slice(span) == "-1":
            return False  # any other negative number says the same
        if op == "!":
            self.edit(span, "((", span, ") != ",
                      self.mutant(span[0], f"not {self.short(span)}"), ")")
        elif op in STEPS:
            choose = self.mutant(span[0], f"{self.short(span)}: {op} is {STEPS[op]}")
            step = STEPS[op]
            swapped = (inner, step) if node.get("isPostfix") else (step, inner)
            self.edit(span, f"({choose} ? ", *swapped, " : ", span, ")")
        return None

    def on_IntegerLiteral(self, node, span):
        if span in self.compared:
            return
        more = self.mutant(span[0], f"{self.context(span)}: {self.slice(span)} + 1")
        less = ""
        if int(node["value"]) > 0:
            less = " - " + self.mutant(span[0], f"{self.context(span)}: {self.slice(span)} - 1")
        self.edit(span, "(", span, f" + {more}{less})")

    def on_CharacterLiteral(self, _node, span):
        self.edit(span, "(", span, " + ",
                  self.mutant(span[0], f"{self.context(span)}: {self.slice(span)} + 1"), ")")

    def context(self, span):
        """The line around a small token, as the name of its place."""
        begin = self.raw.rfind(b"\n", 0, span[0]) + 1
        end = self.raw.find(b"\n", span[0])
        return self.short((begin, end)) + f" @{self.raw[begin:span[0]].decode().strip().count(' ')}"

    def on_ImplicitCastExpr(self, node, _span):
        return node.get("castKind") != "NullToPointer"

    def on_InitListExpr(self, _node, span):
        return self.slice(span) != "{ 0 }"

    def on_CallExpr(self, node, span):
        """kill() stays as it is: a mutant must not aim at another process."""
        return not self.slice(span).startswith("kill(")

    def on_CaseStmt(self, node, _span):
        for child in node["inner"][1:]:
            self.statement(child)
            self.walk(child)
        return False

    def on_DefaultStmt(self, node, _span):
        self.statement(node["inner"][0])

    def on_IfStmt(self, node, _span):
        self.condition(node["inner"][0])
        for branch in node["inner"][1:]:
            self.statement(branch)

    def on_ConditionalOperator(self, node, _span):
        self.condition(node["inner"][0])

    def on_WhileStmt(self, node, _span):
        self.condition(node["inner"][0])
        self.statement(node["inner"][1])

    def on_DoStmt(self, node, _span):
        self.condition(node["inner"][1])
        self.statement(node["inner"][0])

    def on_ForStmt(self, node, _span):
        if node["inner"][2].get("kind"):
            self.condition(node["inner"][2])
        self.statement(node["inner"][4])

    def on_CompoundStmt(self, node, _span):
        for child in node.get("inner", []):
            self.statement(child)

    def statement(self, node):
        """Deletes a statement that yields nothing."""
        kind = self.strip(node).get("kind")
        deletable = kind in ("CallExpr", "CompoundAssignOperator", "BreakStmt", "ContinueStmt",
                             "GotoStmt") or \
            (kind == "BinaryOperator" and node["opcode"] == "=") or \
            (kind == "UnaryOperator" and node["opcode"] in STEPS) or \
            (kind == "ReturnStmt" and not node.get("inner"))
        span = self.span(node) if deletable else None
        if not span or self.one_macro(node):
            return
        whole = (span[0], self.raw.index(b";", span[1]) + 1)
        self.edit(whole, f"{{ if (!{self.mutant(span[0], f'without {self.short(span)}')}) {{ ",
                  whole, " } }")

    def on_ReturnStmt(self, node, _span):
        if not node.get("inner"):
            return
        value = self.strip(node["inner"][0])
        span = self.span(value)
        name = f"return of {self.short(span)}"
        if self.returns in ("_Bool", "bool"):
            self.condition(value)
        elif value["kind"] in ("IntegerLiteral", "BinaryOperator", "CompoundLiteralExpr",
                               "InitListExpr") or self.returns.startswith("struct "):
            if "*" in self.returns and not self.one_macro(value):
                self.edit(span, f"({self.mutant(span[0], name + ': NULL')} ? 0 : (", span, "))")
        elif "*" in self.returns:
            if not self.one_macro(value):
                self.edit(span, f"({self.mutant(span[0], name + ': NULL')} ? 0 : (", span, "))")
        else:
            self.edit(span, "((", span, f") + {self.mutant(span[0], name + ': + 1')})")

    # The file with all mutants in it.

    def render(self):
        order = sorted(range(len(self.edits)),
                       key=lambda i: (self.edits[i].begin, -self.edits[i].end, i))
        self.edits = [self.edits[i] for i in order]
        body = self.expand(0, len(self.raw), 0)
        return '#include "mutant.h"\n#line 1 "' + self.path + '"\n' + body

    def expand(self, begin, end, index):
        """The text of a range with the edits from `index` on that lie in it."""
        out, at = [], begin
        while index < len(self.edits) and self.edits[index].begin < end:
            edit = self.edits[index]
            index += 1
            if edit.begin < at or edit.end > end:
                continue
            out.append(self.raw[at:edit.begin].decode())
            for part in edit.parts:
                out.append(part if isinstance(part, str) else self.expand(*part, index))
            at = edit.end
        out.append(self.raw[at:end].decode())
        return "".join(out)

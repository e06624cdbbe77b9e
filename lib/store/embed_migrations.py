#!/usr/bin/env python3
"""embed_migrations.py OUT.cc NNNN_name.sql...: compiles the migrations in, in order of their numbers.

Refuses gaps and duplicates: a number is a version of the schema, and versions are never renumbered.
"""
import os
import re
import sys


def main() -> int:
    out, *files = sys.argv[1:]
    by_number = {}
    for path in files:
        match = re.fullmatch(r"(\d{4})_\w+\.sql", os.path.basename(path))
        if not match:
            sys.exit(f"{path}: a migration is named NNNN_name.sql")
        number = int(match.group(1))
        if number in by_number:
            sys.exit(f"{path}: number {number} is taken by {by_number[number]}")
        by_number[number] = path
    if sorted(by_number) != list(range(1, len(by_number) + 1)):
        sys.exit(f"migrations must be numbered 1 to {len(by_number)}, not {sorted(by_number)}")

    lines = ['// Generated from lib/ by embed_migrations.py.',
             '#include "lib/store/migrations.h"', '', 'namespace brume::store {', 'namespace {', '',
             'constexpr Migration kMigrations[] = {']
    for number, path in sorted(by_number.items()):
        with open(path, encoding="utf-8") as file:
            text = file.read()
        if ')sql"' in text:
            sys.exit(f"{path}: contains the delimiter of the string literal")
        lines.append(f'    {{{number}, R"sql({text})sql"}},')
    lines += ['};', '', '}  // namespace', '',
              'absl::Span<const Migration> Migrations() { return kMigrations; }', '', '}  // namespace brume::store', '']
    os.makedirs(os.path.dirname(out), exist_ok=True)
    with open(out, "w", encoding="utf-8") as file:
        file.write("\n".join(lines))
    return 0


if __name__ == "__main__":
    sys.exit(main())

"""The dialects of SQL a suite may name, apart from the slow parser. Feeds ``sql`` and ``code_fence``."""

from __future__ import annotations

from typing import Literal

Dialect = Literal[
    "any",
    "athena",
    "bigquery",
    "clickhouse",
    "databricks",
    "doris",
    "dremio",
    "drill",
    "druid",
    "duckdb",
    "exasol",
    "fabric",
    "hive",
    "materialize",
    "mysql",
    "oracle",
    "postgres",
    "presto",
    "redshift",
    "risingwave",
    "snowflake",
    "spark",
    "sqlite",
    "starrocks",
    "teradata",
    "trino",
    "tsql",
]
"""Dialects by their names in sqlglot; ``any`` is its union of them."""

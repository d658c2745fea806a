"""What Alembic runs: on the connection that ``upgrading`` gives, or into text."""

from __future__ import annotations

from alembic import context

from mailsend.store.schema import VERSION_TABLE, metadata

_GIVEN = context.config.attributes

if context.is_offline_mode():
    context.configure(
        dialect_name=_GIVEN["dialect"],
        dialect_opts={"paramstyle": "named"},
        literal_binds=True,
        target_metadata=metadata,
        version_table=VERSION_TABLE,
    )
else:
    context.configure(connection=_GIVEN["connection"], target_metadata=metadata, version_table=VERSION_TABLE)
with context.begin_transaction():
    context.run_migrations()

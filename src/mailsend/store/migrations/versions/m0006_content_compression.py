"""Contents compressed by lz4 on PostgreSQL, or not at all: its own old way takes longer than all else."""

from __future__ import annotations

from alembic import op

__all__ = ["downgrade", "upgrade"]

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None

# Asked by the server itself, so that it stands in a script as well: before version 14 it knows no such setting,
# and some are built without lz4. What is stored already stays as it is, and can be read.
_QUICKER = """
DO $$
BEGIN
    IF EXISTS (SELECT FROM pg_settings WHERE name = 'default_toast_compression' AND 'lz4' = ANY (enumvals)) THEN
        EXECUTE 'ALTER TABLE mailsend_content ALTER COLUMN data SET COMPRESSION lz4,'
            ' ALTER COLUMN asked SET COMPRESSION lz4';
    ELSE
        ALTER TABLE mailsend_content ALTER COLUMN data SET STORAGE EXTERNAL, ALTER COLUMN asked SET STORAGE EXTERNAL;
    END IF;
END $$
"""
_AS_IT_COMES = """
DO $$
BEGIN
    ALTER TABLE mailsend_content ALTER COLUMN data SET STORAGE EXTENDED, ALTER COLUMN asked SET STORAGE EXTENDED;
    IF EXISTS (SELECT FROM pg_settings WHERE name = 'default_toast_compression') THEN
        EXECUTE 'ALTER TABLE mailsend_content ALTER COLUMN data SET COMPRESSION DEFAULT,'
            ' ALTER COLUMN asked SET COMPRESSION DEFAULT';
    END IF;
END $$
"""


def upgrade() -> None:
    """Have new contents stored the quick way; nothing is rewritten. SQLite compresses none."""
    if op.get_context().dialect.name == "postgresql":
        op.execute(_QUICKER)


def downgrade() -> None:
    """Have new contents stored as PostgreSQL does by itself."""
    if op.get_context().dialect.name == "postgresql":
        op.execute(_AS_IT_COMES)

"""Refused log-ins, known to all processes."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

__all__ = ["downgrade", "upgrade"]

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make their table; of refusals before, each process knows its own."""
    op.create_table(
        "mailsend_refused_log_in",
        sa.Column("account", sa.Text(), nullable=False),
        sa.Column("refusals", sa.Integer(), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.Column("holder", sa.Text(), nullable=False),
        sa.Column("turn_until", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("account", name="pk_mailsend_refused_log_in"),
    )


def downgrade() -> None:
    """Drop it; each process counts for itself again."""
    op.drop_table("mailsend_refused_log_in")

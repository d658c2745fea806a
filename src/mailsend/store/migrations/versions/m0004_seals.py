"""What seals a person's confirmation."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

__all__ = ["downgrade", "upgrade"]

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add it to mails; those that are there have none."""
    op.add_column("mailsend_message", sa.Column("seal", sa.Text(), nullable=False, server_default=""))


def downgrade() -> None:
    """Take it away; what was confirmed is not any more."""
    op.drop_column("mailsend_message", "seal")

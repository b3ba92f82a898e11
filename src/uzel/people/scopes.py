"""What API tokens may be good for. `read` and `replay` are those of `/api/v1`."""

READ, REPLAY = "read", "replay"
PAYOUTS_READ, PAYOUTS_WRITE = "payouts:read", "payouts:write"
CLAIMS_READ, CLAIMS_WRITE, CLAIMS_DECIDE = "claims:read", "claims:write", "claims:decide"
SCOPES = (
    *(READ, REPLAY),
    *(PAYOUTS_READ, PAYOUTS_WRITE),
    *(CLAIMS_READ, CLAIMS_WRITE, CLAIMS_DECIDE),
)

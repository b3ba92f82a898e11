"""The words every part shares: visits, receipts, phones, texts. Pure, no input or output."""

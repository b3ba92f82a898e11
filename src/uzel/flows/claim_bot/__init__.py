"""Claims by Telegram: people ask for money in a chat, others decide on it in theirs."""

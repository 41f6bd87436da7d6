"""Connected shops: their webhooks and what is polled of them become activities, by the platform's module."""

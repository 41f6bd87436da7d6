"""Events as senders write them become activities; pure, for the collector, webhooks of shops and jobs."""

"""What sending services and mail servers report: evidence kept, mail that comes back, payloads run again."""

"""The rules, the use cases and the values they work on; nothing here touches the world."""

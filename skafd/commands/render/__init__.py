"""From the api's JSON to text: pure functions of the JSON, the width and the time."""

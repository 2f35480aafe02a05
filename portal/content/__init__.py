"""What a practice decides, as data: questionnaire, rules, letters, help lines, consent."""

"""What happens to one address next: each module decides one part of a resource's life.

Every function yields findings (changes and diagnostics) for one address and never looks at another address's decision;
limits that concern several addresses at once are the guards' business.
"""

package claim_test

// Computed once and kept: what old terminals write and show.
const (
	goldenOrdinary     = "AVDZQEmOwQtHBFQxMjIFSzdRMlgqAerfAQGsAtmFrA3lEx5h6yAXKzKY5UxGCu6Ut-zF733a53c-W2ulLsgV73LYn1gK18Zh_-DULhoal3PgUrSObbI40u67RW_Ii_sC"
	goldenWithoutClock = "AVDZQEmOwQtHBFQxMjIFSzdRMlgqAaxNAqwCAJhqzV27Zk6ZQ4v5AYi4PHhotXkjFWezBoLbisbrokktUz7hpelcMhmOLuU3nZe8TIK5-FmaVQXAbeOBh4_RagE"
	goldenPaid         = "009400"
	goldenNotPaid      = "988347"
)

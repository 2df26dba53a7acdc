package display

// Keys of a Notice.
const (
	NoticePassengerWasFaster = "passenger_was_faster" // withdrawn too late: the payment stands
	NoticeReleased           = "released"             // a late approval of Amount was released
	NoticeReleasedWait       = "released_wait"        // being withdrawn: take nothing else yet
	NoticeReleasedOffline    = "released_offline"     // cannot be withdrawn without a network
	NoticeDifference         = "difference"           // Amount is approved; the rest is asked for
	NoticeOverpaid           = "overpaid"             // Amount more than the meter's total was captured
	NoticeDoubtfulSum        = "doubtful_sum"         // the meter's parts and total disagree
	NoticeDoubtfulGap        = "doubtful_gap"         // the line was silent while the trip ended
	NoticeDoubtfulStale      = "doubtful_stale"       // a record for a trip that was over
	NoticeDoubtfulPaid       = "doubtful_paid"        // the meter says that Amount was paid already
	NoticeMeterLost          = "meter_lost"           // the meter lost Trip: nothing was charged
	NoticeNoAmount           = "no_amount"            // the meter gave no amount
	NoticeParked             = "parked"               // Trip needs the office
	NoticeDeclined           = "declined"             // the passenger said no
	NoticeExpired            = "expired"              // nobody approved in time
	NoticeRefundDone         = "refund_done"          // Amount went back
	NoticeRefundRefused      = "refund_refused"       // the API would not refund
	NoticeBelowMinimum       = "below_minimum"        // too small to be asked for
	NoticeEndedByHire        = "ended_by_hire"        // Trip was open when the next one began
	NoticeUnshared           = "unshared"             // the passenger would not share: a new code without the question
	NoticePushNotEnabled     = "push_not_enabled"     // requests to phones are not possible for this sales unit: back to the code
	NoticeNotReachable       = "not_reachable"        // the number takes no requests: back to the code
	NoticeTyped              = "typed"                // Amount was typed by the driver
)

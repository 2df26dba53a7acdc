package display

// The lists below name every value that a View can carry, so that catalogues and
// screens can be checked for completeness. A test compares them with the constants.

// Screens are all kinds of picture, in the order of a trip.
func Screens() []Screen {
	return []Screen{
		Idle, Hired, Reading, Tipping, Connecting, Due, Sent, Releasing, Approved, Paid, Settled, Failed,
		OutOfOrder,
	}
}

// Labels are all names of parts.
func Labels() []Label {
	return []Label{LabelFare, LabelSupplements, LabelTolls, LabelTax, LabelTip, LabelPaid}
}

// Reasons are all reasons that have a text, so without ReasonNone.
func Reasons() []Reason {
	return []Reason{
		ReasonCreating, ReasonOffline, ReasonCredentials, ReasonUnavailable, ReasonReplacing,
		ReasonUnshared, ReasonByCode, ReasonSending,
		ReasonDeclined, ReasonExpired, ReasonRefused, ReasonTooSmall, ReasonTooLarge,
		ReasonCancelled, ReasonDoubtful, ReasonParked,
		ReasonCash, ReasonCard, ReasonInvoice, ReasonVacant, ReasonVoid, ReasonMeterLost,
	}
}

// Actions are all that a driver may press.
func Actions() []Action {
	return []Action{ActionNew, ActionCancel, ActionCash, ActionCard, ActionInvoice}
}

// Shares are all kinds of data that can be shared.
func Shares() []Share { return []Share{SharePhone, ShareName} }

// Networks are all states of the network.
func Networks() []Network { return []Network{NetworkUnknown, NetworkUp, NetworkDown} }

// Healths are all states of the meter's line.
func Healths() []Health {
	return []Health{
		HealthStarting, HealthOK, HealthMissing, HealthBusy, HealthDenied, HealthNotTTY,
		HealthSilent, HealthGarbled, HealthNoisy, HealthAlarm, HealthDegraded,
	}
}

// Faults are all faults.
func Faults() []Fault {
	return []Fault{
		FaultMeterMissing, FaultMeterBusy, FaultMeterDenied, FaultMeterNotTTY, FaultMeterSilent,
		FaultMeterGarbled, FaultMeterNoisy, FaultMeterAlarm, FaultMeterDegraded,
		FaultNetwork, FaultCertificate, FaultPortal, FaultClock, FaultNoCredentials, FaultCredentials,
		FaultNoDataKey, FaultNotEnrolled, FaultUnavailable, FaultSalesUnit,
		FaultDiskFull, FaultDisk, FaultReadOnly, FaultDamaged, FaultNewer, FaultForeign, FaultDiskGone, FaultParked,
	}
}

// Refusals are all reasons for not taking an action.
func Refusals() []Refusal {
	return []Refusal{
		RefusedNotNow, RefusedAlreadyApproved, RefusedAlreadyPaid, RefusedOtherTrip,
		RefusedUnknownTrip, RefusedGone, RefusedNotAllowed, RefusedTooMuch, RefusedBadAmount, RefusedTooOld,
		RefusedBadNumber, RefusedNoContact, RefusedNoPush, RefusedNoPrinter, RefusedPrinter,
		RefusedBadCode, RefusedCodeWait, RefusedInternal,
	}
}

// NoticeKeys are all keys of a Notice.
func NoticeKeys() []string {
	return []string{
		NoticePassengerWasFaster, NoticeReleased, NoticeReleasedWait, NoticeReleasedOffline,
		NoticeDifference, NoticeOverpaid, NoticeDoubtfulSum, NoticeDoubtfulGap,
		NoticeDoubtfulStale, NoticeDoubtfulPaid, NoticeMeterLost, NoticeNoAmount, NoticeParked, NoticeDeclined,
		NoticeExpired, NoticeRefundDone, NoticeRefundRefused, NoticeBelowMinimum, NoticeEndedByHire,
		NoticeUnshared, NoticePushNotEnabled, NoticeNotReachable, NoticeTyped,
	}
}

package mdt

// Parse reads a frame that side sent. The error is a *FieldError. What a frame is
// that this package does not look into is Opaque.
func Parse(f Frame, side Side) (Message, error) {
	if side == FromHost {
		return parseFromHost(f)
	}
	r := fromMeter[f.ID]
	if r.treat != decoded {
		return Opaque{ID: f.ID, Len: f.Len, Wiped: r.treat == wiped}, nil
	}
	in := &fields{id: f.ID, data: f.Data}
	m := parseFromMeter(f, in)
	if in.err != nil {
		return nil, in.err
	}
	return m, nil
}

func parseFromMeter(f Frame, in *fields) Message {
	switch f.ID {
	case IDAck:
		return Ack{}
	case IDUnsupported:
		return Unsupported{}
	case IDStateChange:
		return parseStateChange(len(f.Data), in)
	case IDFailure:
		return Failure{parseFailure(in)}
	case IDPrinterStatus:
		return PrinterStatus{in.letter("status", "012")}
	case IDMeterStatus:
		return MeterStatus{
			State:   State(in.letter("state", "0123")),
			Failure: parseFailure(in),
			Enabled: in.letter("enabled", "01") == '1',
		}
	case IDTripData, IDTripDataTLC:
		return parseTripData(f.ID == IDTripDataTLC, in)
	case IDBusy:
		return Busy{in.next(1)[0] != '1'} // only "not busy" is known for certain
	case IDStatistics:
		return parseStatistics(in)
	case IDTimedOut:
		return TimedOut{}
	case IDRate:
		return Rate{in.next(1)[0]}
	case IDRunningFare:
		return RunningFare{Fare: in.money("fare", 8), Extras: in.money("extras", 8)}
	case IDPing:
		return Ping{}
	}
	return MissedMessage{}
}

// lengths of the two forms of 41.
const shortForm, longForm = 1, 11

func parseStateChange(n int, in *fields) Message {
	m := StateChange{State: State(in.letter("state", "0123"))}
	switch n {
	case shortForm:
	case longForm:
		m.Display = &Display{Rate: in.next(1)[0], Fare: in.money("fare", 5), Extras: in.money("extras", 4)}
	default:
		m.Unknown = true
	}
	return m
}

// parseFailure reads a failure code, which older meters send as a number and newer
// ones as its digit.
func parseFailure(in *fields) byte {
	b := in.next(1)[0]
	if b >= '0' && b <= '9' {
		b -= '0'
	}
	if b > 9 {
		in.fail("failure")
	}
	return b
}

func parseTripData(tlc bool, in *fields) Message {
	m := TripData{TLC: tlc, Fare: in.money("fare", 8), Tax: in.money("tax", 8), Extras: in.money("extras", 4)}
	if tlc {
		m.MTATax = in.money("MTA tax", 4)
	}
	m.NetTotal = in.money("net total", 8)
	m.Distance = in.number("distance", 8)
	return m
}

func parseStatistics(in *fields) Message {
	return Statistics{
		Unit:          in.next(1)[0],
		Fare:          in.money("fare", 10),
		Extras:        in.money("extras", 10),
		Tax:           in.money("tax", 10),
		TotalDistance: in.number("total distance", 10),
		PaidDistance:  in.number("paid distance", 10),
		Trips:         in.number("trips", 10),
	}
}

func parseFromHost(f Frame) (Message, error) {
	if toMeter[f.ID].treat != decoded {
		return Opaque{ID: f.ID, Len: f.Len}, nil
	}
	switch f.ID {
	case IDAck:
		return Ack{}, nil
	case IDUnsupported:
		return Unsupported{}, nil
	case IDTripRequest:
		return TripRequest{}, nil
	case IDPrinterRequest:
		return PrinterRequest{}, nil
	case IDStatusRequest:
		return StatusRequest{}, nil
	case IDStatsRequest:
		return StatisticsRequest{}, nil
	case IDRateRequest:
		return RateRequest{}, nil
	}
	in := &fields{id: f.ID, data: f.Data}
	on := func(name string) bool { return in.letter(name, "01") == '1' }
	m := Configuration{Validation: on("validation"), RunningFare: on("running fare"), Ping: on("ping")}
	return m, in.err
}

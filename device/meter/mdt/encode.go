package mdt

import "fmt"

// Encode makes the frame of a message, in either direction. It fails when a number
// has more digits than its field, and for Opaque, whose data it does not have.
func Encode(m Message) ([]byte, error) {
	var b builder
	id := b.message(m)
	if b.err != nil {
		return nil, fmt.Errorf("frame %s encode: %w", id, b.err)
	}
	return Frame{ID: id, Data: b.data}.Append(nil), nil
}

// message adds the data of m and gives its ID.
func (b *builder) message(m Message) ID {
	switch m := m.(type) {
	case StateChange:
		b.letter(byte(m.State))
		if d := m.Display; d != nil {
			b.letter(d.Rate)
			b.money("fare", d.Fare, 5)
			b.money("extras", d.Extras, 4)
		}
		return IDStateChange
	case Failure:
		b.number("failure", int64(m.Code), 1)
		return IDFailure
	case PrinterStatus:
		b.letter(m.Status)
		return IDPrinterStatus
	case MeterStatus:
		b.letter(byte(m.State))
		b.number("failure", int64(m.Failure), 1)
		b.letter(digit(m.Enabled))
		return IDMeterStatus
	case TripData:
		return b.tripData(m)
	case Busy:
		b.letter(digit(!m.Busy))
		return IDBusy
	case Statistics:
		b.statistics(m)
		return IDStatistics
	case Rate:
		b.letter(m.Rate)
		return IDRate
	case RunningFare:
		b.money("fare", m.Fare, 8)
		b.money("extras", m.Extras, 8)
		return IDRunningFare
	case Configuration:
		b.letter(digit(m.Validation))
		b.letter(digit(m.RunningFare))
		b.letter(digit(m.Ping))
		return IDConfiguration
	}
	id, ok := bare[m]
	if !ok {
		b.err = fmt.Errorf("%T has no frame", m)
	}
	return id
}

// bare are the messages without data.
var bare = map[Message]ID{
	TimedOut{}:          IDTimedOut,
	Ping{}:              IDPing,
	MissedMessage{}:     IDMissedMessage,
	Ack{}:               IDAck,
	Unsupported{}:       IDUnsupported,
	TripRequest{}:       IDTripRequest,
	PrinterRequest{}:    IDPrinterRequest,
	StatusRequest{}:     IDStatusRequest,
	StatisticsRequest{}: IDStatsRequest,
	RateRequest{}:       IDRateRequest,
}

func (b *builder) tripData(m TripData) ID {
	b.money("fare", m.Fare, 8)
	b.money("tax", m.Tax, 8)
	b.money("extras", m.Extras, 4)
	id := IDTripData
	if m.TLC {
		b.money("MTA tax", m.MTATax, 4)
		id = IDTripDataTLC
	}
	b.money("net total", m.NetTotal, 8)
	b.number("distance", m.Distance, 8)
	return id
}

func (b *builder) statistics(m Statistics) {
	b.letter(m.Unit)
	b.money("fare", m.Fare, 10)
	b.money("extras", m.Extras, 10)
	b.money("tax", m.Tax, 10)
	b.number("total distance", m.TotalDistance, 10)
	b.number("paid distance", m.PaidDistance, 10)
	b.number("trips", m.Trips, 10)
}

func digit(on bool) byte {
	if on {
		return '1'
	}
	return '0'
}

// must is Encode for messages that always fit.
func must(m Message) []byte {
	p, err := Encode(m)
	if err != nil {
		panic(err)
	}
	return p
}

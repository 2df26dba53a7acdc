package receipt

import (
	"cmp"
	"slices"

	"taxiterminal/money"
)

// line splits an amount that includes its tax. Net is rounded half up and the tax
// is the rest, so that the two always make the amount.
func line(item Item, total money.Minor, rate int) Line {
	net := netOf(total, rate)
	return Line{Item: item, Total: total, Net: net, Tax: total - net, Rate: rate}
}

// netOf is total * 10000 / (10000 + rate), half up. The whole and the rest are
// divided apart, so that no amount a meter can show overflows.
func netOf(total money.Minor, rate int) money.Minor {
	d := money.Minor(10000 + rate)
	whole, rest := total/d, total%d
	return whole*10000 + (2*rest*10000+d)/(2*d)
}

// rateOf is the rate of an item. Everything that the meter charges is the price of
// the carriage, a toll that is charged on and a tax on top included; a tip is a gift
// to the driver and outside the tax.
func rateOf(item Item, rate int) int {
	if item == Tip {
		return ExemptRate
	}
	return rate
}

// sums are amounts by item, on their way to lines.
type sums map[Item]money.Minor

// lines leaves out what is zero and keeps the order of a receipt.
func (s sums) lines(rate int) []Line {
	var lines []Line
	for _, item := range Items() {
		if s[item] != 0 {
			lines = append(lines, line(item, s[item], rateOf(item, rate)))
		}
	}
	return lines
}

// less is what came on top of an earlier bill; false if an item shrank.
func (s sums) less(before sums) (sums, bool) {
	grown := sums{}
	for _, item := range Items() {
		grown[item] = s[item] - before[item]
		if grown[item] < 0 {
			return nil, false
		}
	}
	return grown, true
}

// Sum is the total of lines.
func Sum(lines []Line) money.Minor {
	var total money.Minor
	for _, l := range lines {
		total += l.Total
	}
	return total
}

// TaxesOf sums lines by rate, ascending, those without tax left out.
func TaxesOf(lines []Line) []Tax {
	var taxes []Tax
	for _, l := range lines {
		if l.Rate != ExemptRate {
			taxes = AddTax(taxes, Tax{l.Rate, l.Total, l.Net, l.Tax})
		}
	}
	return taxes
}

// AddTax adds one sum to sums by rate and keeps them ascending. It may write to
// the slice that it is given.
func AddTax(taxes []Tax, t Tax) []Tax {
	i, found := slices.BinarySearchFunc(taxes, t.Rate, func(x Tax, rate int) int { return cmp.Compare(x.Rate, rate) })
	if !found {
		return slices.Insert(taxes, i, t)
	}
	taxes[i].Gross += t.Gross
	taxes[i].Net += t.Net
	taxes[i].Tax += t.Tax
	return taxes
}

// Reduce is lines after something was given back: of the fare first and of the tip
// last, for it is the price that is forgiven. A line of which something was given
// back is taxed anew and has no quantity any more. Giving back more than there is
// leaves nothing.
func Reduce(lines []Line, back money.Minor) []Line {
	var left []Line
	for _, l := range lines {
		part := min(back, l.Total)
		back -= part
		switch {
		case part <= 0:
			left = append(left, l)
		case part < l.Total:
			left = append(left, line(l.Item, l.Total-part, l.Rate))
		}
	}
	return left
}

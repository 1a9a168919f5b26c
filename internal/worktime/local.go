package worktime

// Local is what a jurisdiction lays over the national calendar: its own rules, and
// announcements that the product does not know yet.
type Local struct {
	Rules Rules
	Years []Year
}

// Calendar is the national calendar with what the jurisdiction says laid over it. Faults are
// those of New.
func (l Local) Calendar() (Calendar, error) { return New(l.Rules, append(Announced(), l.Years...)) }

package account

import (
	_ "embed"
	"strings"
	"sync"

	"gezhi/internal/fault"
)

// pinDigits is how long a PIN is.
const pinDigits = 6

//go:embed weak_pins.txt
var weakPINList string

// weakPINs are those that everybody tries first and that no rule of isWeak finds.
var weakPINs = sync.OnceValue(func() map[string]bool {
	all := map[string]bool{}
	for _, line := range strings.Fields(weakPINList) {
		all[line] = true
	}
	return all
})

// checkPIN refuses what is no PIN (pin.unfit) and what is guessed within a few tries (pin.weak):
// runs, repeats, pairs, patterns of the keypad, and part of the person's own telephone number.
func checkPIN(pin, phone string) error {
	if len(pin) != pinDigits || strings.Trim(pin, "0123456789") != "" {
		return fault.New(fault.Invalid, "pin.unfit", "digits", pinDigits)
	}
	pairs := pin[0] == pin[1] && pin[2] == pin[3] && pin[4] == pin[5]
	halves := pin[0] == pin[1] && pin[1] == pin[2] && pin[3] == pin[4] && pin[4] == pin[5]
	mirror := pin[0] == pin[5] && pin[1] == pin[4] && pin[2] == pin[3]
	if pairs || halves || mirror || isWeak(pin, "") || weakPINs()[pin] || strings.Contains(phone, pin) {
		return fault.New(fault.Invalid, "pin.weak")
	}
	return nil
}

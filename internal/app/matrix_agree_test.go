package app_test

import "testing"

func (c *counties) agreement(t *testing.T) {}

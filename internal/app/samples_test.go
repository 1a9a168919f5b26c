package app

import (
	"context"
	"errors"
	"os"
	"testing"

	"gezhi/internal/config"
	"gezhi/internal/dbtest"
)

// Samples are copies of the sample county, which ends at the machine's present.
var Samples = dbtest.Copies{Fill: func(folder, url string) error {
	cfg, _, err := config.Read(OnDatabase(folder, url), nil)
	if err != nil {
		return err
	}
	a, err := New(context.Background(), cfg)
	if err != nil {
		return err
	}
	_, err = a.FillSample(context.Background())
	return errors.Join(err, a.DB.Close())
}}

// OnDatabase are the flags of a program in a folder, and on a database that is not there.
func OnDatabase(folder, url string) []string {
	args := []string{"-data", folder}
	if url != "" {
		args = append(args, "-db", url)
	}
	return args
}

func TestMain(m *testing.M) {
	code := m.Run()
	Samples.Remove()
	os.Exit(code)
}

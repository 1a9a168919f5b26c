package torture

import (
	"math/rand/v2"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"gezhi/internal/dbtest"
)

func kills(t *testing.T) int {
	v := os.Getenv("GEZHI_TEST_KILLS")
	if v == "" {
		return 3
	}
	n, err := strconv.Atoi(v)
	if err != nil || n < 1 {
		t.Fatalf("GEZHI_TEST_KILLS=%s", v)
	}
	return n
}

// Whenever the process dies, nothing acknowledged is lost or done twice.
func TestKilledAtRandomKeepsEveryPromise(t *testing.T) {
	build(t) // here: whichever engine is done first would take the binary with it
	t.Run("sqlite", func(t *testing.T) {
		t.Parallel()
		path := filepath.Join(t.TempDir(), "gezhi.db")
		torture(t, "sqlite:"+path, "sqlite", "file:"+path+"?_pragma=busy_timeout(5000)")
	})
	t.Run("postgres", func(t *testing.T) {
		t.Parallel()
		url := dbtest.PostgresURL(t)
		bare, _, _ := strings.Cut(url, "&pool_max_conns") // a word of the pool, not of the driver
		torture(t, url, "pgx", bare)
	})
}

func torture(t *testing.T, url, driver, dsn string) {
	n, seed := kills(t), uint64(20260302)
	rnd := rand.New(rand.NewPCG(seed, seed))
	p := newProgram(t, url)
	p.start()
	c := newCrowd(t, p, seed)
	for range n {
		before := c.acks.Load()
		moment := time.NewTimer(time.Duration(100+rnd.IntN(900)) * time.Millisecond)
		<-moment.C
		for deadline := time.Now().Add(20 * time.Second); c.acks.Load() == before; { // it must have worked since
			if time.Now().After(deadline) {
				t.Fatal("nothing was acknowledged since the last start")
			}
			<-time.After(10 * time.Millisecond)
		}
		p.stop(syscall.SIGKILL)
		p.start()
	}
	c.stop()
	c.done.Wait()
	v := open(t, driver, dsn)
	v.settle()
	p.stop(syscall.SIGTERM)
	v.acknowledged(c)
	v.folds()
	v.timers()
	v.outbox()
	if t.Failed() {
		return
	}
	t.Logf("torture: killed %d times on %s, every promise kept: %s; %d cases, %d moves, %d marks fired once, %d messages delivered",
		n, t.Name(), c, v.cases, v.moves, v.marks, v.messages)
}

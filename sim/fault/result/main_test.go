package result

import (
	"context"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// victim is the environment variable that makes the test binary a campaign to be killed; it holds the folder.
const victim = "RAMPART_TEST_CAMPAIGN"

const victimRows = 3000

func TestMain(m *testing.M) {
	if dir := os.Getenv(victim); dir != "" {
		if err := runCampaign(dir); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		os.Exit(0)
	}
	os.Exit(m.Run())
}

// runCampaign brings the rows that are missing, from four goroutines and in an order of its own.
func runCampaign(dir string) error {
	w, err := Open(dir, campaign(victimRows))
	if err != nil {
		return err
	}
	w.every, w.runRows = time.Millisecond, 400
	var group sync.WaitGroup
	work, failed := make(chan int64), make(chan error, 4)
	for range 4 {
		group.Go(func() {
			for n := range work {
				if err := w.Add(rowOf(n)); err != nil {
					failed <- err
					return
				}
				time.Sleep(300 * time.Microsecond)
			}
		})
	}
	for _, k := range rand.Perm(victimRows) {
		if !w.Done(int64(k)) {
			work <- int64(k)
		}
	}
	close(work)
	group.Wait()
	close(failed)
	if err := <-failed; err != nil {
		return err
	}
	fmt.Println("finishing")
	return w.Finish(context.Background(), Report{})
}

// killed starts the campaign and kills it after a time, or so long after it began to finish. It tells
// whether the campaign came to its end before.
func killed(t *testing.T, dir string, after time.Duration, finishing bool) (ended bool) {
	t.Helper()
	cmd := exec.Command(os.Args[0])
	cmd.Env = append(os.Environ(), victim+"="+dir)
	cmd.Stderr = os.Stderr
	out, err := cmd.StdoutPipe()
	require.NoError(t, err)
	require.NoError(t, cmd.Start())
	if finishing {
		_, err = out.Read(make([]byte, 1)) // ends with the process, too
		assert.NoError(t, err)
	}
	timer := time.AfterFunc(after, func() { _ = cmd.Process.Kill() }) // SIGKILL
	err = cmd.Wait()
	timer.Stop()
	if err == nil {
		return true
	}
	var exit *exec.ExitError
	require.ErrorAs(t, err, &exit)
	require.False(t, exit.Exited(), "it failed by itself")
	return false
}

// Killed at any moment, while rows come in and while the folder is written, a campaign ends with the same
// bytes as one that was not.
func TestKilled(t *testing.T) {
	want := finished(t, filepath.Join(t.TempDir(), "out"), campaign(victimRows))
	dir := filepath.Join(t.TempDir(), "out")
	r := rand.New(rand.NewPCG(uint64(time.Now().UnixNano()), 0))
	kills, resumed, last := 0, 0, int64(0)
	look := func() {
		w, err := Open(dir, campaign(victimRows))
		require.NoError(t, err)
		count := w.Count()
		if count > 0 {
			resumed++
		}
		require.GreaterOrEqual(t, count, last, "finished rows were lost")
		last = count
		for row, err := range w.Rows() {
			require.NoError(t, err)
			equalRows(t, rowOf(row.Number), *row)
		}
		require.NoError(t, w.Close())
		if _, err := os.Stat(dir); err == nil {
			requireSame(t, want, tree(t, dir))
		}
	}
	for k := range 10 {
		finishing, within := k >= 6, 250
		if finishing {
			within = 120
		}
		if killed(t, dir, time.Duration(r.IntN(within))*time.Millisecond, finishing) {
			break
		}
		kills++
		if _, err := os.Stat(journalOf(t, dir)); err != nil && last > 0 {
			break // between the end of the work and that of the process
		}
		look()
	}
	if _, err := os.Stat(journalOf(t, dir)); err == nil {
		require.True(t, killed(t, dir, time.Minute, false))
	}
	assert.NoFileExists(t, journalOf(t, dir))
	assert.Positive(t, kills)
	assert.Positive(t, resumed, "no kill left rows to go on from")
	requireSame(t, want, tree(t, dir))
}

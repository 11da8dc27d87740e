package main

import (
	"fmt"
	"os"
	"path/filepath"
	"strconv"

	"github.com/wantukit/wantukit/checkout/storetest/faultdisk"
)

// flakyDisk is the environment's variable that has a node run on a disk of which
// one in so many calls fails: reads, writes, half a write, syncs.
const flakyDisk = "WANTUKIT_TEST_FLAKY_DISK"

// mainOnItsDisk is main, as a program of its own, on the disk that the test
// gave it.
func mainOnItsDisk() {
	if text := os.Getenv(flakyDisk); text != "" {
		oneIn, err := strconv.Atoi(text)
		here, folderErr := os.Getwd()
		if err == nil && folderErr == nil {
			err = faultdisk.Flaky(filepath.Join(here, "data"), oneIn)
		}
		if err != nil || folderErr != nil {
			fmt.Fprintln(os.Stderr, err, folderErr)
			os.Exit(1)
		}
	}
	main()
}

package main

import (
	"fmt"
	"os"
	"path/filepath"
	"strconv"

	"github.com/wantukit/wantukit/checkout/storetest/faultdisk"
)

// flakyDisk is the environment variable that makes one of so many disk calls of a
// node fail: reads, writes, partial writes and syncs.
const flakyDisk = "WANTUKIT_TEST_FLAKY_DISK"

// mainOnItsDisk is main on the disk that flakyDisk describes.
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

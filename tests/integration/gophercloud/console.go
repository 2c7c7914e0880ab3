// SPDX-License-Identifier: Apache-2.0

// Command console prints the URL of a console.
// Its arguments are an endpoint, a microversion, a server, a protocol and a type.
package main

import (
	"fmt"
	"os"

	"github.com/gophercloud/gophercloud"
	"github.com/gophercloud/gophercloud/openstack/compute/v2/extensions/remoteconsoles"
)

func main() {
	client := &gophercloud.ServiceClient{
		ProviderClient: &gophercloud.ProviderClient{TokenID: "token"},
		Endpoint:       os.Args[1] + "/",
		Type:           "compute",
		Microversion:   os.Args[2],
	}
	console, err := remoteconsoles.Create(client, os.Args[3], remoteconsoles.CreateOpts{
		Protocol: remoteconsoles.ConsoleProtocol(os.Args[4]),
		Type:     remoteconsoles.ConsoleType(os.Args[5]),
	}).Extract()
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	fmt.Println(console.URL)
}

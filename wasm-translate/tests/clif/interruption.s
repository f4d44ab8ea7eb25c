  pushq %rbp
  movq %rsp, %rbp
block0:
  leal 1(%rsi), %eax
  movq %rbp, %rsp
  popq %rbp
  retq

  pushq %rbp
  movq %rsp, %rbp
block0:
  movl %esi, %eax
  movq 0x40(%rdi), %rdi
  jmp     label1
block1:
  movl -4(%rdi), %r8d
  movl $0x7, (%rdi, %rax)
  subl $0x4, %eax
  testl %eax, %eax
  jnz     label2; j label3
block2:
  jmp     label1
block3:
  movq %rbp, %rsp
  popq %rbp
  retq

  pushq %rbp
  movq %rsp, %rbp
  subq $0x20, %rsp
  movq %rbx, (%rsp)
  movq %r12, 8(%rsp)
  movq %r13, 0x10(%rsp)
block0:
  movq 0x40(%rdi), %r12
  movl -4(%r12), %r10d
  testl %esi, %esi
  jnz     label2; j label1
block1:
  movq %rdi, %rbx
  movq %rsi, %r13
  jmp     label3
block2:
  movq %rdi, %rbx
  movq %rsi, %r13
  call    User(userextname0)
  jmp     label3
block3:
  movq 0x50(%rbx), %rax
  movq 0x58(%rbx), %rdi
  call    *%rax
  jmp     label4
block4:
  movl -8(%r12), %eax
  jmp     label5
block5:
  movl -0xc(%r12), %eax
  movq %r13, %rsi
  movq %rbx, %rdi
  call    User(userextname0)
  testl %eax, %eax
  jnz     label6; j label7
block6:
  jmp     label5
block7:
  testl %r13d, %r13d
  jnz     label8; j label9
block8:
  jmp     label4
block9:
  movq (%rsp), %rbx
  movq 8(%rsp), %r12
  movq 0x10(%rsp), %r13
  addq $0x20, %rsp
  movq %rbp, %rsp
  popq %rbp
  retq

  pushq %rbp
  movq %rsp, %rbp
block0:
  movq 0x40(%rdi), %r8
  movl -4(%r8), %r8d
  return_call_known User(userextname0) (0) tmp=%r11 %rdi=%rdi %rsi=%rsi

  pushq %rbp
  movq %rsp, %rbp
block0:
  ud2

